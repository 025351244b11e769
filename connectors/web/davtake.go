package web

import (
	"context"
	"errors"
	"reflect"

	"gantry/connectors"
	"gantry/connectors/promise"
)

var (
	_ connectors.Taker  = (*davPlace)(nil)
	_ connectors.Filler = (*davUpload)(nil)
)

// sameServer tells whether two places are folders of one server, for the same login.
func (p *place) sameServer(o *place) bool {
	return p.base.Scheme == o.base.Scheme && p.base.Host == o.base.Host && reflect.DeepEqual(p.credentials, o.credentials) && p.certFile == o.certFile
}

// Near implements connectors.Taker.
func (p *davPlace) Near(other any) bool {
	o, ok := connectors.Innermost(other).(*davPlace)
	return ok && p.sameServer(o.place)
}

// here gives the place of a file that this server can copy or move by itself.
func (p *place) here(ctx context.Context, op string, other any, from connectors.Entry) (*place, error) {
	source, ok := connectors.Innermost(other).(*davPlace)
	if !ok || !p.sameServer(source.place) {
		return nil, connectors.Errorf(connectors.KindUnsupported, op, from.Path, "it is not on this server")
	}
	now, err := source.place.stat(ctx, ask{op: op}, from.Path)
	if err == nil && !now.SameVersion(from) {
		err = connectors.Errorf(connectors.KindChanged, op, from.Path, "it is another version by now")
	}
	return source.place, err
}

// TakeOver implements connectors.Taker: by MOVE, which the server refuses where
// something is.
func (p *davPlace) TakeOver(ctx context.Context, other any, from connectors.Entry, to string) (entry connectors.Entry, err error) {
	if to, err = clean(ctx, "move", to); err != nil {
		return entry, err
	}
	source, err := p.here(ctx, "move", other, from)
	if err != nil {
		return entry, err
	}
	if err := p.transfer(ctx, "MOVE", source.url(from.Path), to, true); err != nil {
		return entry, notDone(err)
	}
	source.seen.forget(from.Path)
	return p.stat(ctx, ask{op: "move"}, to)
}

// Fill implements connectors.Filler: by COPY.
func (u *davUpload) Fill(ctx context.Context, other any, from connectors.Entry) error {
	u.mu.Lock()
	defer u.mu.Unlock()
	source, err := u.p.here(ctx, "copy", other, from)
	if err != nil {
		return err
	}
	if u.flow != nil || u.put || u.broken != nil || u.o.Size >= 0 && u.o.Size != from.Size {
		return connectors.Errorf(connectors.KindUnsupported, "copy", from.Path, "some of it is on its way already")
	}
	if err := u.to.prepare(ctx); err != nil {
		return err
	}
	// A copy that is still being made when nobody waits for it any more must not meet what is sent instead.
	between := promise.NewID(u.path)
	err = u.p.transfer(ctx, "COPY", source.url(from.Path), promise.StagedPath(between), false)
	if err == nil {
		_, err = u.p.here(ctx, "copy", other, from)
	}
	if err == nil {
		err = u.p.move(ctx, "MOVE", promise.StagedPath(between), promise.StagedPath(u.id), false)
	}
	if err != nil {
		return notDone(errors.Join(err, u.p.discard(context.WithoutCancel(ctx), between)))
	}
	u.put, u.filled, u.sent = true, true, from.Size
	return nil
}

// notDone is for what the server refuses to do by itself.
func notDone(err error) error {
	switch kind := connectors.KindOf(err); kind {
	case connectors.KindPermission, connectors.KindInvalid, connectors.KindOther:
		return connectors.Errorf(connectors.KindUnsupported, "copy", "", "the server does not do it: %w", err)
	}
	return err
}
