package web

import (
	"context"
	"net/http"

	"gantry/connectors"
)

// Remove implements connectors.Sink. It looks first: to delete a folder would
// delete all that is in it.
func (p *place) Remove(ctx context.Context, path string) error {
	path, err := clean(ctx, "remove", path)
	if err != nil {
		return err
	}
	if p.doubt != nil {
		return p.doubt
	}
	a := ask{op: "remove", path: path, method: http.MethodDelete, url: p.url(path)}
	if p.dav || !p.writeOnly {
		if _, err := p.stat(ctx, ask{op: "remove"}, path); err != nil {
			return err
		}
	}
	p.seen.forget(path)
	r, err := p.send(ctx, a)
	if err != nil {
		return err
	}
	if r.StatusCode/100 != 2 || r.StatusCode == http.StatusMultiStatus {
		return p.refused(a, r)
	}
	_ = r.finish()
	if r.StatusCode == http.StatusAccepted {
		return connectors.Errorf(connectors.KindBusy, "remove", path, "the server will remove it some time (202)")
	}
	return nil
}
