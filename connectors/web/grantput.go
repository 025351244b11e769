package web

import (
	"context"

	"gantry/connectors"
	"gantry/connectors/web/grant"
)

// beginPut starts an upload to the one URL that takes the whole file.
func (p *granted) beginPut(g grant.Grant, o connectors.UploadOptions) (connectors.Upload, error) {
	if g.Put == "" {
		return nil, &connectors.Error{Kind: connectors.KindUnsupported, Op: "begin", Path: g.Path, Err: errReadOnly, Remedy: "ask the hub for one that does"}
	}
	if o.Resume != "" {
		return nil, connectors.Errorf(connectors.KindNotFound, "take up upload of", g.Path, "an upload in one request ends with its connection; begin again")
	}
	a, err := p.ask("write", "", g.Put)
	if err != nil {
		return nil, err
	}
	to := goal{w: p.wire, url: a.url, headers: g.Headers, bare: true, done: func() { p.seen.forget(g.Path) }}
	if g.Get != "" {
		to.look = func(ctx context.Context, a ask) (connectors.Entry, error) {
			read, err := p.ask(a.op, "", g.Get)
			if err != nil {
				return connectors.Entry{}, err
			}
			read.slotted = a.slotted
			return p.wire.stat(ctx, read, true)
		}
	}
	return newUpload(g.Path, o, to), nil
}
