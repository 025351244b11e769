package web

import (
	"context"
	"errors"

	"gantry/connectors"
	"gantry/connectors/promise"
)

// Copy implements connectors.Copier, by way of the staging folder.
func (p *davPlace) Copy(ctx context.Context, from, to string) (connectors.Entry, error) {
	from, err := clean(ctx, "copy", from)
	if err != nil {
		return connectors.Entry{}, err
	}
	if to, err = clean(ctx, "copy", to); err != nil {
		return connectors.Entry{}, err
	}
	if _, err := p.stat(ctx, ask{op: "copy"}, from); err != nil {
		return connectors.Entry{}, err
	}
	if err := p.staging(ctx); err != nil {
		return connectors.Entry{}, err
	}
	between := promise.NewID(to)
	if err := p.move(ctx, "COPY", from, promise.StagedPath(between), false); err != nil {
		return connectors.Entry{}, err
	}
	if err := p.move(ctx, "MOVE", promise.StagedPath(between), to, false); err != nil {
		return connectors.Entry{}, errors.Join(err, p.discard(context.WithoutCancel(ctx), between))
	}
	return p.stat(ctx, ask{op: "copy"}, to)
}
