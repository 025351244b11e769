package local

import (
	"context"
	"errors"
	"io"
	"os"
	"syscall"

	"gantry/connectors"
	"gantry/connectors/promise"
)

// Copy implements connectors.Copier. The copy shares its blocks with the original
// where the file system can (reflink), and has the original's modification time
// and holes. It becomes visible like an upload: whole, and in one step.
func (p *place) Copy(ctx context.Context, from, to string) (entry connectors.Entry, err error) {
	to, err = promise.CleanPath(to)
	if err != nil {
		return connectors.Entry{}, err
	}
	err = p.within(ctx, "copy", from, func(root *os.Root, from string) error {
		source, _, err := p.openFile(root, from, "copy")
		if err != nil {
			return err
		}
		defer source.Close()
		entry, err = p.copyFile(ctx, source, from, to)
		return err
	})
	return entry, err
}

func (p *place) copyFile(ctx context.Context, source *os.File, from, to string) (entry connectors.Entry, err error) {
	info, err := source.Stat()
	if err != nil {
		return connectors.Entry{}, err
	}
	size := info.Size()
	// The room is not taken in advance: a copy that shares its blocks needs none.
	u := &upload{place: p, id: promise.NewID(to), path: to, options: connectors.UploadOptions{Size: -1, ModTime: info.ModTime()}}
	if err := u.create(ctx); err != nil {
		return connectors.Entry{}, err
	}
	defer func() {
		if err != nil {
			_ = u.Abort(context.WithoutCancel(ctx))
		}
	}()
	if err := u.fill(ctx, source, size); errors.Is(err, errCut) {
		return connectors.Entry{}, changed(from, errCut)
	} else if err != nil {
		return connectors.Entry{}, err
	}
	if now, err := source.Stat(); err != nil || now.Size() != size || version(now) != version(info) {
		return connectors.Entry{}, changed(from, err)
	}
	whole := connectors.Whole{Size: size}
	if size > 0 {
		whole.Parts = []connectors.Part{{Number: 1, Size: size}}
	}
	return u.Commit(ctx, whole)
}

var errCut = errors.New("it ends before its size")

func changed(from string, err error) error {
	return &connectors.Error{
		Kind: connectors.KindChanged, Op: "copy", Path: from, Err: errors.Join(errors.New("it was written to while it was copied"), err),
		Remedy: "copy it again once it has settled",
	}
}

// fill gives the staged file the content and the attributes of source.
func (u *upload) fill(ctx context.Context, source *os.File, size int64) error {
	return u.within(ctx, "copy", func(root *os.Root, staged string) error {
		target, err := root.OpenFile(staged, os.O_WRONLY, 0)
		if err != nil {
			return err
		}
		err = u.fillFile(ctx, target, source, size)
		if closed := target.Close(); err == nil {
			err = closed
		}
		return err
	})
}

func (u *upload) fillFile(ctx context.Context, target, source *os.File, size int64) error {
	if u.place.set.xattrs {
		if err := copyXattrs(target, source); err != nil {
			return err
		}
	}
	if err := clone(target, source); err == nil {
		return nil
	}
	if err := target.Truncate(size); err != nil {
		return err
	}
	for at := int64(0); at < size; {
		next := extent{size, false}
		if u.place.trustsHoles() {
			var err error
			if next, err = extentAt(source, at); errors.Is(err, io.EOF) {
				return errCut
			} else if err != nil {
				return err
			}
		}
		end := min(next.end, size)
		if !next.hole {
			if err := copyRange(ctx, target, source, span{at, end}); err != nil {
				return err
			}
		}
		at = end
	}
	return nil
}

// copyStep is how much is copied before the context is looked at.
const copyStep = 32 << 20

// copyRange has the kernel copy, or copies itself where the kernel cannot.
func copyRange(ctx context.Context, target, source *os.File, s span) error {
	for at := s.offset; at < s.end; {
		if err := ctx.Err(); err != nil {
			return err
		}
		n, err := copyInKernel(target, source, span{at, min(at+copyStep, s.end)})
		if errors.Is(err, errors.ErrUnsupported) || errors.Is(err, syscall.EXDEV) || errors.Is(err, syscall.EINVAL) {
			n, err = copyThrough(target, source, span{at, min(at+copyStep, s.end)})
		}
		if n == 0 && err == nil { // some file systems say that without having looked
			n, err = copyThrough(target, source, span{at, min(at+copyStep, s.end)})
		}
		if err != nil {
			return err
		}
		if n == 0 {
			return errCut
		}
		at += n
	}
	return nil
}

func copyThrough(target, source *os.File, s span) (int64, error) {
	buffer := buffers.Get().(*[]byte)
	defer buffers.Put(buffer)
	return io.CopyBuffer(io.NewOffsetWriter(target, s.offset), io.NewSectionReader(source, s.offset, s.end-s.offset), *buffer)
}
