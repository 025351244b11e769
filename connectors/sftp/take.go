package sftp

import (
	"context"
	"errors"
	"io/fs"

	"gantry/connectors"
	"gantry/connectors/promise"
	"gantry/connectors/sftp/wire"
)

var _ connectors.Taker = (*place)(nil)

// Near implements connectors.Taker, for places that the same login reaches.
func (p *place) Near(other any) bool {
	holder, ok := connectors.Innermost(other).(interface{ self() *place })
	return ok && !p.dropBox && !holder.self().dropBox && p.sameServer(holder.self())
}

// TakeOver implements connectors.Taker, for files that the same login reaches.
func (p *place) TakeOver(ctx context.Context, other any, from connectors.Entry, to string) (entry connectors.Entry, err error) {
	if !p.Near(other) {
		return entry, notTaken(from.Path, errors.New("it is not on this server"))
	}
	source := connectors.Innermost(other).(interface{ self() *place }).self()
	if to, err = promise.CleanPath(to); err != nil {
		return entry, err
	}
	file, err := ask(ctx, source, "rename", from.Path, func(ctx context.Context, c *conn) (string, error) {
		return c.abs(from.Path), c.durable(ctx, from)
	})
	if err != nil {
		return entry, err
	}
	return ask(ctx, p, "rename", to, func(ctx context.Context, c *conn) (connectors.Entry, error) {
		err := through(ctx, func(ctx context.Context) error {
			return c.inFolder(ctx, to, func() error { return c.moveNew(ctx, file, to) })
		})
		if err != nil {
			return entry, c.untaken(ctx, file, to, err)
		}
		entry, err := c.entry(ctx, to)
		if errors.Is(err, fs.ErrNotExist) || connectors.KindOf(err) == connectors.KindNotFound { // which would say that it has its old path
			err = connectors.Errorf(connectors.KindUnavailable, "rename", to, "the server does not show it yet: %w", err)
		}
		return entry, err
	})
}

// untaken finds out what a rename that was refused has left.
func (c *conn) untaken(ctx context.Context, file, to string, err error) error {
	if !refused(err) || connectors.KindOf(err) == connectors.KindExists || c.isThere(ctx, to) {
		return err
	}
	if _, gone := c.Lstat(ctx, file); errors.Is(gone, fs.ErrNotExist) {
		return gone
	} else if gone != nil {
		return err
	}
	return notTaken(to, err)
}

// durable sees to it that a file is the one that is meant, and on the server's disk.
func (c *conn) durable(ctx context.Context, meant connectors.Entry) error {
	info, err := c.lstat(ctx, meant.Path)
	if err != nil {
		return err
	}
	if !info.Mode.IsRegular() { // a link would lead elsewhere from there
		return notTaken(meant.Path, errors.New("it is no file itself"))
	}
	now, err := entryOf(meant.Path, info)
	if err == nil && !now.SameVersion(meant) {
		err = connectors.Errorf(connectors.KindChanged, "rename", meant.Path, "it is another version by now")
	}
	if err != nil || !c.Can("fsync@openssh.com", "1") {
		return err
	}
	h, err := c.Client.Open(ctx, c.abs(meant.Path), wire.ForRead)
	if err != nil {
		return err
	}
	defer giveBack(c, h)
	if err = c.Fsync(ctx, h); isStatus(err, wire.Unsupported, wire.BadMessage) {
		return nil
	}
	return err
}

func notTaken(path string, why error) error {
	return connectors.Errorf(connectors.KindUnsupported, "rename", path, "the server does not rename it: %w", why)
}
