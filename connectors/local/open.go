package local

import (
	"context"
	"io"
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
	// Without O_NONBLOCK a FIFO would hold us until somebody writes to it.
	f, err := root.OpenFile(from, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err == nil {
		err = regular("open", path, info)
	}
	if err == nil && offset > 0 {
		_, err = f.Seek(offset, io.SeekStart)
	}
	if err != nil {
		_ = f.Close()
		return nil, err
	}
	return promise.Exactly(ctx, path, &reader{File: f, path: path, closed: p.closed}, length), nil
}

// reader gives errors their kinds, and ends when the place is closed.
type reader struct {
	*os.File
	path   string
	closed context.Context
}

func (r *reader) Read(b []byte) (int, error) {
	if r.closed.Err() != nil {
		return 0, connectors.Errorf(connectors.KindOther, "read", r.path, "the place was closed")
	}
	n, err := r.File.Read(b)
	if err != nil && err != io.EOF {
		err = fail("read", r.path, err)
	}
	return n, err
}
