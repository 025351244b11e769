package promise

import (
	"context"
	"io"

	"gantry/connectors"
)

// Exactly makes of r the stream that Source.Open promises: it ends after length
// bytes, fails with KindIncomplete if r ends before, and ends with the context's
// error. A length below zero is whatever r has. Only path is shown in errors.
func Exactly(ctx context.Context, path string, r io.ReadCloser, length int64) io.ReadCloser {
	return &exact{ctx: ctx, path: path, r: r, length: length, left: length}
}

type exact struct {
	ctx          context.Context
	path         string
	r            io.ReadCloser
	length, left int64 // left counts down from length, unless that is below zero
}

func (e *exact) Read(p []byte) (int, error) {
	if err := e.ctx.Err(); err != nil {
		return 0, Ended("read", e.path, err)
	}
	if e.length < 0 {
		return e.r.Read(p)
	}
	if e.left == 0 {
		return 0, io.EOF
	}
	n, err := e.r.Read(p[:min(int64(len(p)), e.left)])
	e.left -= int64(n)
	if err == io.EOF && e.left > 0 {
		err = connectors.Errorf(connectors.KindIncomplete, "read", e.path, "it ends after %d of %d bytes", e.length-e.left, e.length)
	}
	return n, err
}

func (e *exact) Close() error { return e.r.Close() }

// Ended makes an Error of a context's error.
func Ended(op, path string, err error) error {
	return connectors.Errorf(connectors.KindOf(err), op, path, "%w", err)
}
