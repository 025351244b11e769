package web

import (
	"io"

	"gantry/connectors"
)

// A reader is the body of an answer, and an error where it is too short.
type reader struct {
	path string
	body io.ReadCloser
	left int64 // bytes that are still due; below zero if the end says so itself
}

func (r *reader) Read(b []byte) (int, error) {
	if r.left == 0 {
		return 0, io.EOF
	}
	if r.left > 0 {
		b = b[:min(int64(len(b)), r.left)]
	}
	n, err := r.body.Read(b)
	if r.left > 0 {
		r.left -= int64(n)
	}
	switch {
	case r.left == 0 && err != nil:
		return n, io.EOF
	case err == io.EOF && r.left > 0:
		return n, connectors.Errorf(connectors.KindIncomplete, "read", r.path, "%d bytes are missing at the end", r.left)
	}
	return n, err
}

func (r *reader) Close() error { return r.body.Close() }
