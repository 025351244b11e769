package local

import (
	"context"
	"io"
	"io/fs"
	"os"
	"syscall"

	"gantry/connectors"
	"gantry/connectors/promise"
)

// Open implements connectors.Source.
func (p *place) Open(ctx context.Context, path string, offset, length int64) (r io.ReadCloser, err error) {
	err = p.within(ctx, "open", path, func(root *os.Root, path string) error {
		r, err = p.read(ctx, root, path, path, offset, length)
		return err
	})
	return r, err
}

// read streams the file at from; errors name it path.
func (p *place) read(ctx context.Context, root *os.Root, from, path string, offset, length int64) (io.ReadCloser, error) {
	if offset < 0 {
		return nil, connectors.Errorf(connectors.KindInvalid, "open", path, "the offset %d is negative", offset)
	}
	f, info, err := p.openFile(root, from, "open")
	if err != nil {
		return nil, err
	}
	r, err := p.stream(f, info, path, offset, length)
	if err != nil {
		_ = f.Close()
		return nil, err
	}
	return promise.Exactly(ctx, path, r, length), nil
}

// openFile opens what is a file, and never waits for it.
func (p *place) openFile(root *os.Root, path, op string) (*os.File, fs.FileInfo, error) {
	info, err := root.Stat(path) // before it is opened: to open a device may do something
	if err == nil {
		err = regular(op, path, info)
	}
	if err != nil {
		return nil, nil, err
	}
	return openKnown(root, path, op)
}

// openKnown opens what was a file when it was looked at.
func openKnown(root *os.Root, path, op string) (*os.File, fs.FileInfo, error) {
	// It may have become a FIFO, which without O_NONBLOCK would hold us until somebody writes to it.
	f, err := root.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, nil, err
	}
	info, err := f.Stat()
	if err == nil {
		err = regular(op, path, info)
	}
	if err != nil {
		_ = f.Close()
		return nil, nil, err
	}
	return f, info, nil
}

// stream reads f, which is as info says.
func (p *place) stream(f *os.File, info fs.FileInfo, path string, offset, length int64) (r *reader, err error) {
	r = &reader{f: f, from: f, path: path, closed: p.closed}
	if p.trustsHoles() && hollow(info) {
		r.from = &hollowReader{f: f, at: offset}
		return r, nil
	}
	r.behind = advise(f, info.Size(), offset, length)
	if offset > 0 {
		_, err = f.Seek(offset, io.SeekStart)
	}
	return r, err
}

// trustsHoles tells whether what the file system says of holes is believed.
func (p *place) trustsHoles() bool {
	kind, _, _ := p.facts.get()
	return kind.Holes && p.set.sparse != sparseNo
}

// reader gives errors their kinds, and ends when the place is closed.
type reader struct {
	f      *os.File
	from   io.Reader
	path   string
	closed context.Context
	behind *behind // nil = nothing is left behind
}

func (r *reader) Read(b []byte) (int, error) {
	if r.closed.Err() != nil {
		return 0, connectors.Errorf(connectors.KindOther, "read", r.path, "the place was closed")
	}
	n, err := r.from.Read(b)
	r.behind.read(n)
	if err != nil && err != io.EOF {
		err = fail("read", r.path, err)
	}
	return n, err
}

func (r *reader) Close() error { return r.f.Close() }
