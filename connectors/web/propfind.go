package web

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"path"
	"strings"

	"gantry/connectors"
)

const propfind = `<?xml version="1.0" encoding="utf-8"?>` +
	`<propfind xmlns="DAV:"><prop><resourcetype/><getcontentlength/><getlastmodified/><getetag/></prop></propfind>`

// mostProperties bounds the answer about one folder, in bytes: a million files or so.
const mostProperties = 512 << 20

var errTooLong = fmt.Errorf("the listing of one folder is longer than %d bytes", mostProperties)

// properties asks for what there is at a URL (depth 0), or in a folder (depth 1).
func (w *wire) properties(ctx context.Context, a ask, depth string, each func(resource) error) error {
	a.method, a.header = "PROPFIND", http.Header{"Depth": {depth}, "Content-Type": {"application/xml"}}
	a.body, a.size, a.follow = strings.NewReader(propfind), int64(len(propfind)), false
	r, err := w.send(ctx, a)
	if err != nil {
		return err
	}
	if r.StatusCode != http.StatusMultiStatus {
		if redirects(r.Response) {
			if next, err := r.Location(); err == nil && next.Path == a.url.Path+"/" && sameHost(w.base, next) {
				_ = r.finish()
				return each(resource{href: next.EscapedPath(), collection: true})
			}
		}
		return w.refused(a, r)
	}
	defer r.Body.Close()
	body := &io.LimitedReader{R: r.Body, N: mostProperties}
	err = parseMultistatus(body, each)
	var known *connectors.Error
	switch {
	case err == nil || errors.As(err, &known) || err == errStopped:
		return err
	case body.N == 0:
		err = errTooLong
	}
	return connectors.Errorf(connectors.KindIncomplete, a.op, orRoot(a.path, w), "the server's listing cannot be read: %w", err)
}

func orRoot(path string, w *wire) string {
	if path == "" {
		return w.shown
	}
	return path
}

// resource is what there is at a path: a file or a folder. KindNotFound if nothing.
func (p *place) resource(ctx context.Context, a ask, at string) (found resource, err error) {
	a.path, a.url = at, p.url(at)
	if at == "" {
		a.url = p.folderURL("")
	}
	count := 0
	err = p.properties(ctx, a, "0", func(r resource) error {
		found = r
		count++
		return nil
	})
	if connectors.KindOf(err) == connectors.KindUnsupported && strings.Contains(at, "/") {
		// Some say so of what lies below a file.
		above, upErr := p.resource(ctx, a, path.Dir(at))
		if connectors.KindOf(upErr) == connectors.KindNotFound || upErr == nil && !above.collection {
			return found, connectors.Errorf(connectors.KindNotFound, a.op, at, "there is no folder %q", path.Dir(at))
		}
	}
	if err == nil && count != 1 {
		err = connectors.Errorf(connectors.KindIntegrity, a.op, at, "the server describes %d files when it is asked for one", count)
	}
	return found, err
}

// davStat describes a file, and knows it from a folder.
func (p *place) davStat(ctx context.Context, a ask) (connectors.Entry, error) {
	r, err := p.resource(ctx, a, a.path)
	switch {
	case err != nil:
		return connectors.Entry{}, err
	case r.collection:
		return connectors.Entry{}, noFile(a.op, a.path)
	}
	return p.described(ctx, a, r)
}

// described makes an entry of a resource; where it lacks the size, the file is asked
// itself.
func (p *place) described(ctx context.Context, a ask, r resource) (connectors.Entry, error) {
	if r.size < 0 {
		a.url, a.follow, a.body, a.size = p.url(a.path), true, nil, 0
		return p.wire.stat(ctx, a, p.headLies.Load())
	}
	e := connectors.Entry{Path: a.path, Size: r.size, ModTime: modified(r.modified)}
	e.Version = version(r.etag, e.ModTime, r.size)
	return e, nil
}

// nameIn is what a resource is called in the folder at a URL; "" for the folder
// itself. It fails where the resource lies elsewhere.
func nameIn(folder *url.URL, href string) (string, error) {
	u, err := folder.Parse(href)
	if err != nil {
		return "", errors.New("its address does not parse")
	}
	inside := strings.TrimSuffix(folder.Path, "/") + "/"
	if strings.TrimSuffix(u.Path, "/")+"/" == inside {
		return "", nil
	}
	below, ok := strings.CutPrefix(u.Path, inside)
	if !ok {
		return "", errors.New("it lies outside of the folder that was asked for")
	}
	raw := strings.TrimSuffix(u.EscapedPath(), "/")
	name, err := url.PathUnescape(raw[strings.LastIndexByte(raw, '/')+1:])
	if err != nil || name == "" && below != "" {
		return "", errors.New("its address does not parse")
	}
	if strings.TrimSuffix(below, "/") != name {
		return "", errors.New("it lies deeper than in the folder that was asked for")
	}
	if strings.Contains(name, "/") {
		return "", errors.New("its name has a slash")
	}
	return name, nil
}
