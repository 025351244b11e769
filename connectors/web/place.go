package web

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"gantry/connectors"
	"gantry/connectors/promise"
)

// A place is a folder of a web server.
type place struct {
	*wire
	dav       bool
	hidesDots bool  // the listings of nginx lack names that begin with a dot
	doubt     error // why nobody knows whether it is WebDAV: nothing is written then
	seen      seen
	headLies  atomic.Bool // HEAD tells another size than GET
	making    sync.Mutex
	made      sync.Map // folders that are known to be there
}

// openPlace asks the server whether it speaks WebDAV, unless the location says that
// it does not. One that forbids to ask may be read from.
func openPlace(ctx context.Context, c config, w *wire) (connectors.Place, error) {
	p := &place{wire: w}
	if c.dav == "false" {
		return p, nil
	}
	s, err := p.options(ctx)
	if err != nil {
		return nil, err
	}
	if p.dav = s.dav != "" || c.dav == "true"; !p.dav {
		p.doubt = s.doubt
		return p, nil
	}
	p.hidesDots = strings.HasPrefix(s.header.Get("Server"), "nginx")
	return &davPlace{p}, nil
}

// Traits implements connectors.Place.
func (p *place) Traits() connectors.Traits {
	return connectors.Traits{Sequential: true, Streamed: true, WriteOnly: p.writeOnly, DoubtfulLists: !p.dav || p.hidesDots, Concurrency: p.concurrency()}
}

// concurrency leaves one connection to the calls in between.
func (w *wire) concurrency() int { return max(1, w.connections-1) }

// Close implements connectors.Place.
func (p *place) Close() error {
	p.close()
	return nil
}

// url is where a path is; it must be clean.
func (p *place) url(path string) *url.URL {
	u := *p.base
	root := strings.TrimRight(u.EscapedPath(), "/")
	u.RawPath = root + "/" + escape(path)
	u.Path = strings.TrimRight(u.Path, "/") + "/" + path
	return &u
}

// escape writes a path so that no byte of a name means anything else.
func escape(path string) string {
	elements := strings.Split(path, "/")
	for i, e := range elements {
		elements[i] = url.PathEscape(e)
	}
	return strings.Join(elements, "/")
}

func clean(ctx context.Context, op, path string) (string, error) {
	path, err := promise.CleanPath(path)
	if err == nil && ctx.Err() != nil {
		err = promise.Ended(op, path, ctx.Err())
	}
	return path, err
}

// isFolder tells whether a server redirected from a file's name to a folder's.
func isFolder(asked *url.URL, r *answer) bool {
	return r.Request != nil && r.Request.URL.Path == asked.Path+"/"
}

func noFile(op, path string) error {
	return connectors.Errorf(connectors.KindNotFound, op, path, "it is a folder")
}

// server is what it tells of itself when it is asked.
type server struct {
	dav    string
	allow  string
	header http.Header
	proto  string
	doubt  error // it forbids to ask, or sends us elsewhere
}

// options asks the server. It fails where the answer tells of trouble, and not of
// the server.
func (p *place) options(ctx context.Context) (server, error) {
	a := ask{op: "open", method: http.MethodOptions, url: p.folderURL("")}
	r, err := p.send(ctx, a)
	if err != nil {
		return server{}, err
	}
	defer r.finish()
	s := server{header: r.Header, proto: r.Proto}
	switch {
	case r.StatusCode/100 == 2:
		s.dav, s.allow = strings.Join(r.Header.Values("DAV"), ", "), strings.Join(r.Header.Values("Allow"), ", ")
		return s, nil
	case slices.Contains(noOptions, r.StatusCode):
		return s, nil
	}
	e := p.refused(a, r)
	if r.StatusCode == http.StatusForbidden || redirects(r.Response) {
		e.Remedy = strings.TrimPrefix(e.Remedy+"; or say by the option dav whether the server speaks WebDAV (true or false)", "; or ")
		s.doubt = e
		return s, nil
	}
	if e.Remedy == "" {
		e.Remedy = "try again later, or set the option dav to false if the server does not speak WebDAV"
	}
	return s, e
}

// noOptions are answers of servers that do not know OPTIONS.
var noOptions = []int{http.StatusBadRequest, http.StatusNotFound, http.StatusMethodNotAllowed, http.StatusNotImplemented}

// folderURL is where a folder is, with the slash that ends it; "" is the root.
func (p *place) folderURL(path string) *url.URL {
	u := *p.base
	if path != "" {
		u = *p.url(path)
	}
	u.RawPath = u.EscapedPath() + "/"
	u.Path += "/"
	return &u
}
