package local

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"sync"

	"gantry/connectors"
	"gantry/connectors/promise"
)

const bufferSize = 512 << 10

var buffers = sync.Pool{New: func() any { b := make([]byte, bufferSize); return &b }}

// WritePart implements connectors.Upload. Each part has a file descriptor of its
// own: the kernel reports a failed write-back once to each, so that a part never
// takes another part's error, nor misses its own. A part whose sync failed is
// written again through a new one; the sync alone is never tried again.
func (u *upload) WritePart(ctx context.Context, p connectors.Part, r io.ReadSeeker) (connectors.Part, error) {
	if err := promise.Check(u.path, p); err != nil {
		return connectors.Part{}, err
	}
	written := connectors.Part{Number: p.Number, Offset: p.Offset, Size: p.Size}
	if p.Size == u.options.Size {
		if ok, err := u.inHand(ctx, "write part of", func(f *os.File) error { return u.copy(ctx, f, p, r) }); ok {
			return written, err // the commit syncs it
		}
	}
	err := u.within(ctx, "write part of", func(root *os.Root, staged string) error {
		f, err := u.openStaged(root, staged)
		if err != nil {
			return err
		}
		if err := u.copy(ctx, f, p, r); err != nil {
			_ = f.Close()
			return err
		}
		if !u.place.set.durable || p.Size <= atOnce && p.Size == u.options.Size {
			return f.Close() // what one call writes and nobody has to remember is synced by the commit
		}
		// The disk may take its time: whoever cancels does not wait for it.
		return promise.Do(ctx, func() error { return syncAndClose(f) })
	})
	return written, err
}

// openStaged opens the staged file for writing, also when a commit that failed has
// given it a mode by which nobody may write.
func (u *upload) openStaged(root *os.Root, staged string) (*os.File, error) {
	f, err := root.OpenFile(staged, os.O_WRONLY, 0)
	if mode := u.place.set.fileMode; mode != 0 && errors.Is(err, fs.ErrPermission) {
		if root.Chmod(staged, mode|0o600) == nil {
			f, err = root.OpenFile(staged, os.O_WRONLY, 0)
		}
	}
	return f, err
}

func (u *upload) copy(ctx context.Context, f *os.File, p connectors.Part, r io.Reader) error {
	w := writer{f: f, unit: u.place.set.sparse.unit()}
	from := promise.NewPartReader(ctx, u.path, p, r)
	if lender, ok := r.(lender); ok && lender.Len() == int(p.Size) {
		if _, err := lender.WriteTo(&partWriter{ctx: ctx, to: &w, at: p.Offset}); err != nil {
			return err
		}
		return w.makeHoles()
	}
	buffer := buffers.Get().(*[]byte)
	defer buffers.Put(buffer)
	for at, end := p.Offset, p.Offset+p.Size; at < end; {
		piece := (*buffer)[:min(bufferSize-at%bufferSize, end-at)] // ends where holes can begin
		if _, err := io.ReadFull(from, piece); err != nil {
			return err
		}
		if err := w.write(piece, at); err != nil {
			return err
		}
		at += int64(len(piece))
	}
	return w.makeHoles()
}

// A lender writes the bytes that it holds without a copy in between.
type lender interface {
	io.WriterTo
	Len() int // of what is left
}

// A partWriter puts a part's bytes at their place, one after the other.
type partWriter struct {
	ctx context.Context
	to  *writer
	at  int64
}

func (w *partWriter) Write(b []byte) (n int, err error) {
	for n < len(b) && err == nil {
		if err = w.ctx.Err(); err != nil {
			break
		}
		piece := b[n:min(len(b), n+int(bufferSize-w.at%bufferSize))] // ends where holes can begin
		if err = w.to.write(piece, w.at); err == nil {
			n, w.at = n+len(piece), w.at+int64(len(piece))
		}
	}
	return n, err
}

func syncAndClose(f *os.File) error {
	err := ifSupported(syncData(f))
	if closed := f.Close(); err == nil {
		err = closed
	}
	return err
}
