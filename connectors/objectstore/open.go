package objectstore

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"gantry/connectors"
)

// Open asks for the bytes in one request. It returns when the store has begun to
// answer.
func (p *Place) Open(ctx context.Context, path string, offset, length int64) (io.ReadCloser, error) {
	key, err := p.key(path)
	if err != nil {
		return nil, err
	}
	if offset < 0 {
		return nil, connectors.Errorf(connectors.KindInvalid, "open", path, "offset %d lies before the start", offset)
	}
	ctx, done := p.use(ctx)
	r, err := p.open(ctx, key, path, offset, length)
	if err != nil {
		err = p.failed(ctx, "open", path, err)
		done()
		return nil, err
	}
	r.done = done
	return r, nil
}

func (p *Place) open(ctx context.Context, key, path string, offset, length int64) (*reader, error) {
	r := &reader{place: p, ctx: ctx, path: path}
	if length == 0 {
		return p.nothing(r, key, offset)
	}
	content, err := p.client.Get(ctx, key, offset, length)
	if status(err) == http.StatusRequestedRangeNotSatisfiable && length < 0 {
		return p.nothing(r, key, offset)
	}
	if err != nil {
		return nil, err
	}
	r.body, r.left = content.Body, length
	if err := r.check(content, offset); err != nil {
		_ = content.Body.Close()
		return nil, err
	}
	return r, nil
}

// nothing is what lies between offset and offset, if the object reaches so far.
func (p *Place) nothing(r *reader, key string, offset int64) (*reader, error) {
	o, err := p.head(r.ctx, key)
	if err != nil {
		return nil, err
	}
	if offset > o.Size {
		return nil, connectors.Errorf(connectors.KindIncomplete, "open", r.path, "it has %d bytes, so there is nothing at %d", o.Size, offset)
	}
	r.body = http.NoBody
	return r, nil
}

// A reader is the body of an answer, and an error where it is too short.
type reader struct {
	place *Place
	ctx   context.Context
	path  string
	body  io.ReadCloser
	left  int64 // bytes that are still due; below zero if the store did not tell
	done  context.CancelFunc
}

// check compares the answer with what was asked for.
func (r *reader) check(c Content, offset int64) error {
	if offset > 0 && !strings.HasPrefix(c.Range, fmt.Sprintf("bytes %d-", offset)) {
		return connectors.Errorf(connectors.KindUnsupported, "open", r.path, "the store does not answer with the range that was asked for, but %q", c.Range)
	}
	if r.left < 0 {
		r.left = c.Length
	}
	return nil
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
	case err == nil:
		return n, nil
	case r.left == 0 || (r.left < 0 && errors.Is(err, io.EOF)):
		return n, io.EOF
	case errors.Is(err, io.EOF):
		return n, connectors.Errorf(connectors.KindIncomplete, "read", r.path, "%d bytes are missing at the end", r.left)
	default:
		return n, r.place.failed(r.ctx, "read", r.path, err)
	}
}

func (r *reader) Close() error {
	r.done()
	return r.body.Close()
}
