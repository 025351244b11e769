package sftp

import (
	"context"

	"gantry/connectors"
)

var _ connectors.Filler = (*upload)(nil)

// self is the place, also of one that can do more.
func (p *place) self() *place { return p }

// sameServer tells whether two places are reached by the same login, over the same
// hosts.
func (p *place) sameServer(o *place) bool {
	if len(p.hops) != len(o.hops) {
		return false
	}
	for i, h := range p.hops {
		if h.addr() != o.hops[i].addr() || h.user != o.hops[i].user {
			return false
		}
	}
	return true
}

// Fill implements connectors.Filler, where the server has copy-data. It goes on behind
// what the server had copied before a crash, save for the last piece.
func (u *upload) Fill(ctx context.Context, other any, from connectors.Entry) error {
	holder, ok := connectors.Innermost(other).(interface{ self() *place })
	if !ok || !u.place.sameServer(holder.self()) {
		return connectors.Errorf(connectors.KindUnsupported, "copy", from.Path, "it is not on this server")
	}
	source := holder.self()
	var file string
	now, err := ask(ctx, source, "copy", from.Path, func(ctx context.Context, c *conn) (connectors.Entry, error) {
		file = c.abs(from.Path)
		return c.entry(ctx, from.Path)
	})
	if err != nil {
		return err
	}
	if !now.SameVersion(from) {
		return connectors.Errorf(connectors.KindChanged, "copy", from.Path, "it is another version by now")
	}
	return u.place.do(ctx, "copy", from.Path, func(ctx context.Context, c *conn) error {
		if !c.Can("copy-data", "1") {
			return connectors.Errorf(connectors.KindUnsupported, "copy", from.Path, "the server does not copy files")
		}
		staged, err := c.Stat(ctx, c.abs(u.staged()))
		if err != nil {
			return err
		}
		return u.fill(ctx, c, file, from, max(0, staged.Size/copyPiece-1)*copyPiece)
	})
}
