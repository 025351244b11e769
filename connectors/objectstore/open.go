package objectstore

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"gantry/connectors"
)

// Open asks for the bytes in one request. It returns when the store has begun to
// answer.
func (p *Place) Open(ctx context.Context, path string, offset, length int64) (io.ReadCloser, error) {
	key, err := p.key(path)
	if err != nil {
		return nil, err
	}
	return p.openBy(ctx, path, offset, length, current{place: p, key: key})
}

// OpenAs implements connectors.Pinner by the ETag, which every answer is asked for.
func (p *Place) OpenAs(ctx context.Context, e connectors.Entry, offset, length int64) (io.ReadCloser, error) {
	key, err := p.key(e.Path)
	if err != nil {
		return nil, err
	}
	if offset == 0 && length == e.Size && length > 0 && (e.Version != "" || !e.ModTime.IsZero()) {
		// All of a version has its length, and comes with its checksums.
		return p.openBy(ctx, e.Path, 0, length, all{current{p, key, e.Version}, e})
	}
	if e.Version == "" {
		return nil, connectors.Errorf(connectors.KindInvalid, "open", e.Path, "no version of it is named")
	}
	return p.openBy(ctx, e.Path, offset, length, current{p, key, e.Version})
}

// PinsByTime implements connectors.DatedPinner: gateways to file systems have no ETag for
// what was put there by others.
func (p *Place) PinsByTime() {}

// all is an object of a known size, to be read as a whole. One without an ETag is known
// by its time.
type all struct {
	current
	known connectors.Entry
}

func (a all) get(ctx context.Context, _, _ int64) (Content, error) {
	content, err := a.current.get(ctx, 0, -1)
	if err != nil {
		return content, err
	}
	size := a.known.Size
	switch dated := a.etag == ""; {
	case content.Length >= 0 && content.Length != size, dated && content.Length < 0:
		err = connectors.Errorf(connectors.KindChanged, "open", a.key, "it has %d bytes by now, and not %d", content.Length, size)
	case dated && (content.ETag != "" || !wholeSecond(content.ModTime).Equal(a.known.ModTime)):
		err = connectors.Errorf(connectors.KindChanged, "open", a.key, "it is of %s by now, with the ETag %q, and was of %s", content.ModTime.Format(time.RFC3339), content.ETag, a.known.ModTime.Format(time.RFC3339))
	}
	if err != nil {
		_ = content.Body.Close()
	}
	return content, err
}

// A readable is an object, or one version of it.
type readable interface {
	head(ctx context.Context) (Object, error)
	get(ctx context.Context, offset, length int64) (Content, error)
}

// current is the newest version.
type current struct {
	place *Place
	key   string
	etag  string // of the version that it has to be; "" for any
}

func (c current) head(ctx context.Context) (Object, error) { return c.place.head(ctx, c.key) }

func (c current) get(ctx context.Context, offset, length int64) (Content, error) {
	content, err := c.place.client.Get(ctx, c.key, c.etag, offset, length)
	if err == nil && c.etag != "" && content.ETag != c.etag { // the store does not heed If-Match
		_ = content.Body.Close()
		return content, connectors.Errorf(connectors.KindChanged, "open", c.key, "it has the ETag %q by now, and not %q", content.ETag, c.etag)
	}
	return content, err
}

func (p *Place) openBy(ctx context.Context, path string, offset, length int64, from readable) (io.ReadCloser, error) {
	if offset < 0 {
		return nil, connectors.Errorf(connectors.KindInvalid, "open", path, "offset %d lies before the start", offset)
	}
	ctx, done := p.use(ctx)
	r := &reader{place: p, ctx: ctx, path: path, done: done}
	if err := r.open(from, offset, length); err != nil {
		err = p.failed(ctx, "open", path, err)
		done()
		return nil, err
	}
	return r, nil
}

func (r *reader) open(from readable, offset, length int64) error {
	if length == 0 {
		return r.nothing(from, offset)
	}
	content, err := from.get(r.ctx, offset, length)
	if status(err) == http.StatusRequestedRangeNotSatisfiable && length < 0 {
		return r.nothing(from, offset)
	}
	if err != nil {
		return err
	}
	r.body, r.left = content.Body, length
	stated, _ := parseStated(content.Stated)
	r.tells = connectors.Entry{Path: r.path, Version: content.ETag, Digests: digestsOf(content.Sums), Stated: stated}
	if err := r.check(content, offset); err != nil {
		_ = content.Body.Close()
		return err
	}
	if r.left < 0 {
		if err := r.measure(from, offset); err != nil {
			_ = content.Body.Close()
			return err
		}
	}
	return nil
}

// measure asks how much is due where the answer does not tell: its end alone does
// not show that it is whole.
func (r *reader) measure(from readable, offset int64) error {
	o, err := from.head(r.ctx)
	if err != nil {
		return err
	}
	if o.Size < offset {
		return connectors.Errorf(connectors.KindIncomplete, "open", r.path, "the store does not tell how much there is after %d bytes", offset)
	}
	r.left, r.asked = o.Size-offset, true
	return nil
}

// nothing is what lies between offset and offset, if the object reaches so far.
func (r *reader) nothing(from readable, offset int64) error {
	o, err := from.head(r.ctx)
	if err != nil {
		return err
	}
	if offset > o.Size {
		return connectors.Errorf(connectors.KindIncomplete, "open", r.path, "it has %d bytes, so there is nothing at %d", o.Size, offset)
	}
	r.body = http.NoBody
	return nil
}

// A reader is the body of an answer, and an error where it is too short.
type reader struct {
	place *Place
	ctx   context.Context
	path  string
	body  io.ReadCloser
	left  int64 // bytes that are still due
	asked bool  // the answer did not tell its length, see measure
	done  context.CancelFunc
	tells connectors.Entry
}

// Tells implements connectors.Telling.
func (r *reader) Tells() connectors.Entry { return r.tells }

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
		return 0, r.end()
	}
	b = b[:min(int64(len(b)), r.left)]
	n, err := r.body.Read(b)
	r.left -= int64(n)
	switch {
	case err == nil:
		return n, nil
	case r.left == 0:
		return n, io.EOF
	case errors.Is(err, io.EOF):
		return n, connectors.Errorf(connectors.KindIncomplete, "read", r.path, "%d bytes are missing at the end", r.left)
	default:
		return n, r.place.failed(r.ctx, "read", r.path, err)
	}
}

// end finds out whether a body of an untold length goes on.
func (r *reader) end() error {
	if r.asked {
		if n, _ := io.ReadFull(r.body, make([]byte, 1)); n > 0 {
			return connectors.Errorf(connectors.KindChanged, "read", r.path, "it is longer than the store says")
		}
	}
	return io.EOF
}

func (r *reader) Close() error {
	r.done()
	return r.body.Close()
}
