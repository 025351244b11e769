package web

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"gantry/connectors"
)

// A wire sends requests: with credentials to the location's own host, without to
// others. It may be used by many goroutines at once.
type wire struct {
	config
	home, abroad *http.Transport
	now          func() time.Time
	slots        chan struct{}   // for requests
	uploads      chan struct{}   // for flows: what they send may be fetched by requests of this wire
	ctx          context.Context // ends when the place is closed
	end          context.CancelCauseFunc
}

var (
	errClosed  = errors.New("the place is closed")
	errStalled = errors.New("there was no sign of life from the server")
)

func newWire(c config, s surroundings) (*wire, error) {
	home, abroad, err := transports(c, s)
	if err != nil {
		return nil, err
	}
	w := &wire{config: c, home: home, abroad: abroad, now: s.now, slots: make(chan struct{}, c.connections), uploads: make(chan struct{}, c.connections)}
	w.ctx, w.end = context.WithCancelCause(context.Background())
	return w, nil
}

func (w *wire) close() {
	w.end(errClosed)
	w.home.CloseIdleConnections()
	w.abroad.CloseIdleConnections()
}

// An ask is one request. Op and path are for errors.
type ask struct {
	op, path string
	method   string
	url      *url.URL
	header   http.Header
	body     io.Reader
	size     int64 // bytes of body; -1 if not known
	follow   bool  // redirects; without a body only
	bare     bool  // the URL says who we are: no credentials
	slotted  bool  // on behalf of a request that is under way: it does not wait for others
}

// send makes a request and returns when the answer's header is there. The caller
// closes the answer's body. Errors are *connectors.Error; any status is an answer.
func (w *wire) send(ctx context.Context, a ask) (*answer, error) {
	b, err := w.enter(ctx, ctx, a, w.slots)
	if err != nil {
		return nil, err
	}
	if a.body != nil {
		a.body = busy{b.life, a.body}
	}
	b.life.run()
	return w.sendUnder(b, a)
}

func (w *wire) sendUnder(b *breath, a ask) (*answer, error) {
	resp, err := w.follow(b.ctx, a)
	b.life.rest()
	if err != nil {
		err = w.failed(b.ctx, a.op, a.path, err)
		b.leave()
		return nil, err
	}
	body := resp.Body
	resp.Body = &stream{b: b, w: w, body: body, op: a.op, path: a.path}
	return &answer{Response: resp}, nil
}

// A breath is what one request holds while it lasts.
type breath struct {
	ctx   context.Context
	life  *life
	leave func() // may be called more than once
}

// enter waits for one of the slots until wait ends. The request then ends with ctx, when the
// place is closed, and when nothing moves.
func (w *wire) enter(wait, ctx context.Context, a ask, slots chan struct{}) (*breath, error) {
	if err := wait.Err(); err != nil {
		return nil, w.failed(wait, a.op, a.path, err)
	}
	release := func() {}
	if !a.slotted {
		select {
		case slots <- struct{}{}:
			release = func() { <-slots }
		case <-w.ctx.Done():
		case <-wait.Done():
			return nil, w.failed(wait, a.op, a.path, wait.Err())
		}
	}
	ctx, cancel := context.WithCancelCause(ctx)
	stop := context.AfterFunc(w.ctx, func() { cancel(errClosed) })
	b := &breath{ctx: ctx, life: newLife(w.timeout, cancel)}
	b.leave = sync.OnceFunc(func() { b.life.rest(); stop(); release(); cancel(context.Canceled) })
	if w.ctx.Err() != nil {
		cancel(errClosed)
	}
	if ctx.Err() != nil {
		err := w.failed(ctx, a.op, a.path, context.Cause(ctx))
		b.leave()
		return nil, err
	}
	return b, nil
}

// follow makes a request, and those that its answers lead to.
func (w *wire) follow(ctx context.Context, a ask) (*http.Response, error) {
	target, own := a.url, sameHost(w.base, a.url)
	for hop := 0; ; hop++ {
		resp, err := w.once(ctx, a, target, own, hop)
		if err != nil || !a.follow || !redirects(resp) {
			return resp, err
		}
		_ = resp.Body.Close()
		next, err := w.next(a, target, resp, hop)
		if err != nil {
			return nil, err
		}
		own = own && sameHost(w.base, next)
		target = next
	}
}

func (w *wire) once(ctx context.Context, a ask, target *url.URL, own bool, hop int) (*http.Response, error) {
	credentials := w.credentials
	via := w.abroad
	if own {
		via = w.home
	}
	header := http.Header{"User-Agent": {"gantry"}, "Accept-Encoding": {"identity"}}
	if own && !a.bare {
		if err := credentials.sign(header); err != nil {
			return nil, err
		}
		if hop == 0 { // a redirect is complete as it is
			var err error
			if target, err = credentials.address(target); err != nil {
				return nil, err
			}
		}
	}
	for name, values := range a.header {
		header[name] = values
	}
	req := (&http.Request{Method: a.method, URL: target, Host: target.Host, Header: header, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1}).WithContext(ctx)
	if a.body != nil {
		req.Body, req.ContentLength = io.NopCloser(a.body), a.size
		if c, ok := a.body.(io.ReadCloser); ok {
			req.Body = c
		}
	}
	return via.RoundTrip(req)
}

func redirects(resp *http.Response) bool {
	switch resp.StatusCode {
	case http.StatusMovedPermanently, http.StatusFound, http.StatusSeeOther, http.StatusTemporaryRedirect, http.StatusPermanentRedirect:
		return resp.Header.Get("Location") != ""
	}
	return false
}

// next is where a redirect leads, if it is to be followed.
func (w *wire) next(a ask, from *url.URL, resp *http.Response, hop int) (*url.URL, error) {
	refuse := func(why, remedy string) error {
		return &connectors.Error{Kind: connectors.KindInvalid, Op: a.op, Path: a.path, Err: errors.New(why), Remedy: remedy}
	}
	next, err := from.Parse(resp.Header.Get("Location"))
	if err != nil || next.Host == "" || next.Opaque != "" || (next.Scheme != "http" && next.Scheme != "https") {
		return nil, refuse("the server redirects to something that is no web address", "ask whoever runs the server")
	}
	next.User, next.Fragment, next.Host = nil, "", strings.ToLower(next.Host)
	switch {
	case from.Scheme == "https" && next.Scheme == "http":
		return nil, refuse("the server redirects from https to http, to "+shown(next), "give that address as the location if it may be read without encryption")
	case hop >= w.redirects && w.redirects == 0:
		return nil, refuse("the server redirects to "+shown(next), "give that address as the location, or raise the option redirects")
	case hop >= w.redirects:
		return nil, refuse("the server redirects more often than the option redirects allows, the last time to "+shown(next), "check that it does not lead in a circle")
	}
	return next, nil
}
