package web

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"gantry/connectors"
)

var errNoSize = errors.New("the server does not tell its size")

// skipLimit is how many bytes are read for nothing where a server has no ranges.
const skipLimit = 64 << 20

// Open implements connectors.Source. It returns when the server has begun to answer.
func (p *place) Open(ctx context.Context, path string, offset, length int64) (io.ReadCloser, error) {
	path, err := clean(ctx, "open", path)
	if err != nil {
		return nil, err
	}
	if offset < 0 {
		return nil, connectors.Errorf(connectors.KindInvalid, "open", path, "offset %d lies before the start", offset)
	}
	known, ok := p.seen.of(path)
	if length == 0 || p.dav && !ok {
		e, err := p.stat(ctx, ask{op: "open"}, path) // WebDAV knows files from folders
		if err != nil {
			return nil, err
		}
		if length == 0 {
			return nothing(path, offset, e.Size)
		}
	}
	a := ask{op: "open", path: path, url: p.url(path), follow: true}
	r, err := p.wire.open(ctx, a, offset, length, known, ok)
	if connectors.KindOf(err) == connectors.KindChanged {
		p.seen.forget(path)
	}
	if errors.Is(err, errLyingHead) {
		p.headLies.Store(true)
	}
	return r, err
}

// nothing is what lies between offset and offset, if the file reaches so far.
func nothing(path string, offset, size int64) (io.ReadCloser, error) {
	if offset > size {
		return nil, errPast("open", path, offset, size)
	}
	return http.NoBody, nil
}

func errPast(op, path string, offset, size int64) error {
	return connectors.Errorf(connectors.KindIncomplete, op, path, "it has %d bytes, so there are not enough from %d on", size, offset)
}

func errChanged(a ask, why error) error {
	return &connectors.Error{Kind: connectors.KindChanged, Op: a.op, Path: a.path, Err: why, Remedy: "look at it again"}
}

var (
	errOther     = errors.New("it is not the version that was last seen")
	errLyingHead = errors.New("the server tells another size when it sends the file")
)

// open asks for a range, under the condition that the file is what was seen of it.
func (w *wire) open(ctx context.Context, a ask, offset, length int64, known mark, seen bool) (io.ReadCloser, error) {
	a.method, a.header = http.MethodGet, http.Header{}
	if length > 0 {
		a.header.Set("Range", fmt.Sprintf("bytes=%d-%d", offset, offset+length-1))
	} else if offset > 0 {
		a.header.Set("Range", fmt.Sprintf("bytes=%d-", offset))
	}
	if seen {
		known.condition(a.header)
	}
	r, err := w.send(ctx, a)
	if err != nil {
		return nil, err
	}
	body, err := w.content(a, r, offset, length, known, seen)
	if err != nil {
		_ = r.Body.Close()
		return nil, err
	}
	return body, nil
}

// content checks an answer against what was asked for.
func (w *wire) content(a ask, r *answer, offset, length int64, known mark, seen bool) (io.ReadCloser, error) {
	total, from := r.ContentLength, int64(0)
	last := int64(untold)
	switch {
	case isFolder(a.url, r):
		return nil, noFile(a.op, a.path)
	case r.StatusCode == http.StatusRequestedRangeNotSatisfiable:
		return w.unsatisfied(a, r, offset, length, known, seen)
	case r.StatusCode == http.StatusPreconditionFailed:
		return nil, errChanged(a, errOther)
	case r.StatusCode == http.StatusPartialContent:
		s, err := ranged(a, r, offset, length)
		if err != nil {
			return nil, err
		}
		total, from, last = s.total, s.first, s.last
	case r.StatusCode != http.StatusOK:
		return nil, w.refused(a, r)
	}
	if total < 0 && seen {
		total = known.size
	}
	if total >= 0 {
		last = total - 1 // a server may send less than the rest: that is too little
	}
	switch {
	case r.StatusCode == http.StatusPartialContent && total < 0 && length < 0:
		return nil, &connectors.Error{Kind: connectors.KindUnsupported, Op: a.op, Path: a.path, Err: errNoSize, Remedy: "look at it first: nobody could tell whether the range is all of the rest"}
	case coded(r.Header):
		return nil, errCoded(a, r.Header)
	case seen && known.differs(r.Header, total):
		if known.differs(r.Header, -1) {
			return nil, errChanged(a, errOther)
		}
		return nil, errChanged(a, errLyingHead)
	case r.ContentLength < 0 && len(r.TransferEncoding) == 0 && r.ProtoMajor < 2:
		return nil, &connectors.Error{Kind: connectors.KindUnsupported, Op: a.op, Path: a.path, Err: errNoSize, Remedy: "fetch it in another way: a connection that is cut would look like the end"}
	}
	return deliver(a, r, from, offset, length, last)
}

// ranged checks that the range is the one that was asked for.
func ranged(a ask, r *answer, offset, length int64) (span, error) {
	header := r.Header.Get("Content-Range")
	s, err := parseContentRange(header)
	switch {
	case strings.HasPrefix(strings.ToLower(r.Header.Get("Content-Type")), "multipart/byteranges"):
		err = errors.New("it answers with several ranges")
	case err != nil:
	case a.header.Get("Range") == "":
		err = errors.New("none was asked for")
	case s.first != offset || length > 0 && s.last > offset+length-1:
		err = fmt.Errorf("asked was for %s", a.header.Get("Range"))
	case r.ContentLength >= 0 && r.ContentLength != s.last-s.first+1:
		err = fmt.Errorf("its body has %d bytes", r.ContentLength)
	}
	if err != nil {
		return s, connectors.Errorf(connectors.KindIntegrity, a.op, a.path, "the server's Content-Range is %q: %w", header, err)
	}
	return s, nil
}

// unsatisfied is the answer that there is nothing at the offset. It is an empty
// read if the offset is the very end.
func (w *wire) unsatisfied(a ask, r *answer, offset, length int64, known mark, seen bool) (io.ReadCloser, error) {
	s, err := parseContentRange(r.Header.Get("Content-Range"))
	_ = r.finish()
	switch {
	case err != nil || s.total < 0:
		if !seen {
			return nil, w.refused(a, r)
		}
		s.total = known.size
	case seen && s.total != known.size:
		return nil, errChanged(a, errOther)
	}
	if length < 0 && offset == s.total {
		return http.NoBody, nil
	}
	return nil, errPast(a.op, a.path, offset, s.total)
}

// untold is the last byte of a file whose size is not known; -1 is that of an empty one.
const untold = -2

// deliver gives length bytes from offset on of a body that begins at from and ends
// with last.
func deliver(a ask, r *answer, from, offset, length, last int64) (io.ReadCloser, error) {
	if last != untold {
		if rest := last + 1 - offset; rest < 0 || length > rest && r.StatusCode == http.StatusOK {
			return nil, errPast(a.op, a.path, offset, last+1)
		} else if length < 0 {
			length = rest
		}
	}
	if skip := offset - from; skip > 0 {
		if skip > skipLimit {
			return nil, &connectors.Error{
				Kind: connectors.KindUnsupported, Op: a.op, Path: a.path, Err: errors.New("the server has no ranges, and sends the file from its start"),
				Remedy: "read it in one go from the start, or have ranges enabled on the server",
			}
		}
		if _, err := io.CopyN(io.Discard, r.Body, skip); err != nil {
			if err == io.EOF {
				err = errPast(a.op, a.path, offset, -1)
			}
			return nil, err
		}
	}
	return &reader{path: a.path, body: r.Body, left: length}, nil
}

// coded tells whether the body is something else than the file.
func coded(h http.Header) bool {
	coding := strings.ToLower(strings.TrimSpace(h.Get("Content-Encoding")))
	return coding != "" && coding != "identity"
}

func errCoded(a ask, h http.Header) error {
	return &connectors.Error{
		Kind: connectors.KindUnsupported, Op: a.op, Path: a.path,
		Err:    fmt.Errorf("the server sends it as %q although it was asked not to, so that sizes and ranges are not the file's", h.Get("Content-Encoding")),
		Remedy: "have compression switched off for these files",
	}
}
