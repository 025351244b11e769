package web

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"path"

	"gantry/connectors"
)

// move moves or copies a file inside the server. A folder is never replaced: the
// server would delete all that is in it.
func (p *place) move(ctx context.Context, method, from, to string, exclusive bool) error {
	return p.transfer(ctx, method, p.url(from), to, exclusive)
}

// transfer is move from a URL of the same server.
func (p *place) transfer(ctx context.Context, method string, from *url.URL, to string, exclusive bool) error {
	a := ask{op: "commit", path: to, method: method, url: from}
	target, err := p.resource(ctx, ask{op: "commit"}, to)
	switch {
	case err == nil && target.collection:
		return connectors.Errorf(connectors.KindInvalid, "commit", to, "there is a folder of this name")
	case err == nil && exclusive:
		return connectors.Errorf(connectors.KindExists, "commit", to, "there is a file already")
	case err != nil && connectors.KindOf(err) != connectors.KindNotFound:
		return err
	}
	overwrite := "F"
	if err == nil {
		overwrite = "T"
	} else if err := p.folders(ctx, path.Dir(to)); err != nil {
		return err
	}
	p.seen.forget(to)
	a.header = http.Header{"Destination": {p.url(to).String()}, "Overwrite": {overwrite}, "Depth": {"0"}}
	if method == "MOVE" {
		a.header.Del("Depth")
	}
	r, err := p.send(ctx, a)
	if err != nil {
		return err
	}
	switch r.StatusCode {
	case http.StatusCreated, http.StatusNoContent, http.StatusOK:
		_ = r.finish()
		return nil
	}
	e := p.refused(a, r)
	p.made.Clear() // somebody may have removed a folder that we made
	switch r.StatusCode {
	case http.StatusPreconditionFailed:
		e.Kind = connectors.KindExists
		if !exclusive { // it came between our look and the move: look again
			e.Kind = connectors.KindBusy
		}
	case http.StatusForbidden, http.StatusNotFound:
		if tooLong(to) {
			e.Kind, e.Remedy = connectors.KindInvalid, "shorten the name: few servers take more than 255 bytes"
		}
	case http.StatusConflict:
		e.Kind = connectors.KindBusy
	case http.StatusMultiStatus:
		e.Kind, e.Err = connectors.KindOther, errors.New("the server could do a part of it only (207)")
	}
	return e
}
