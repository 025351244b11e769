package web

import (
	"context"
	"net/http"

	"gantry/connectors"
)

// Stat implements connectors.Source. From then on, Open reads this version and no
// other.
func (p *place) Stat(ctx context.Context, path string) (connectors.Entry, error) {
	e, err := p.stat(ctx, ask{op: "stat"}, path)
	if err == nil {
		p.seen.note(e)
	}
	return e, err
}

// stat describes a file for the request a. What it tells is not held against
// later reads.
func (p *place) stat(ctx context.Context, a ask, path string) (connectors.Entry, error) {
	path, err := clean(ctx, a.op, path)
	if err != nil {
		return connectors.Entry{}, err
	}
	a.path, a.url, a.follow = path, p.url(path), true
	if p.dav {
		return p.davStat(ctx, a)
	}
	return p.wire.stat(ctx, a, p.headLies.Load())
}

// stat describes what is at a URL: by HEAD, or by its first byte where HEAD is
// refused or does not tell.
func (w *wire) stat(ctx context.Context, a ask, noHead bool) (connectors.Entry, error) {
	if !noHead {
		e, told, err := w.head(ctx, a)
		if told || err != nil {
			return e, err
		}
	}
	return w.firstByte(ctx, a)
}

// head asks for the header. told is false where it has to be asked otherwise.
func (w *wire) head(ctx context.Context, a ask) (e connectors.Entry, told bool, err error) {
	a.method, a.header = http.MethodHead, http.Header{"Want-Repr-Digest": {"sha-256=10, md5=5"}}
	r, err := w.send(ctx, a)
	if err != nil {
		return e, false, err
	}
	defer r.finish()
	switch {
	case isFolder(a.url, r):
		return e, false, noFile(a.op, a.path)
	case r.StatusCode == http.StatusForbidden, r.StatusCode == http.StatusMethodNotAllowed, r.StatusCode == http.StatusNotImplemented, r.StatusCode == http.StatusBadRequest:
		return e, false, nil
	case r.StatusCode != http.StatusOK && r.StatusCode != http.StatusNoContent:
		return e, false, w.refused(a, r)
	case r.ContentLength <= 0 || coded(r.Header):
		return e, false, nil // "0" is what servers say that do not know
	}
	return entryOf(a.path, r.ContentLength, r.Header), true, nil
}

func (w *wire) firstByte(ctx context.Context, a ask) (e connectors.Entry, err error) {
	a.method, a.header = http.MethodGet, http.Header{"Range": {"bytes=0-0"}, "Want-Repr-Digest": {"sha-256=10, md5=5"}}
	r, err := w.send(ctx, a)
	if err != nil {
		return e, err
	}
	defer r.Body.Close()
	if isFolder(a.url, r) {
		return e, noFile(a.op, a.path)
	}
	size := r.ContentLength
	switch r.StatusCode {
	case http.StatusOK:
	case http.StatusPartialContent:
		s, err := parseContentRange(r.Header.Get("Content-Range"))
		if err != nil {
			return e, connectors.Errorf(connectors.KindIntegrity, a.op, a.path, "the server's Content-Range is %q: %w", r.Header.Get("Content-Range"), err)
		}
		size = s.total
		for _, name := range []string{"Content-Digest", "Content-Md5"} {
			r.Header.Del(name) // of the one byte
		}
	case http.StatusRequestedRangeNotSatisfiable:
		if s, err := parseContentRange(r.Header.Get("Content-Range")); err == nil && s.total > 0 {
			return e, connectors.Errorf(connectors.KindIntegrity, a.op, a.path, "the server has no first byte of %d", s.total)
		}
		size = 0
	default:
		return e, w.refused(a, r)
	}
	switch {
	case coded(r.Header):
		return e, errCoded(a, r.Header)
	case size < 0:
		return e, &connectors.Error{Kind: connectors.KindUnsupported, Op: a.op, Path: a.path, Err: errNoSize, Remedy: "fetch it in another way: without its size nobody can tell whether all of it came"}
	}
	return entryOf(a.path, size, r.Header), nil
}
