package sftp

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"gantry/connectors"
	"gantry/connectors/promise"
)

var _ connectors.Revealer = (*upload)(nil)

// Reveal implements connectors.Revealer by hardlink@openssh.com. Nobody but the
// user of the connection may write to the file any more, where the server lets that
// be said.
func (u *upload) Reveal(ctx context.Context, path string) (made []string, err error) {
	path, err = promise.CleanPath(path)
	if err != nil {
		return nil, err
	}
	err = u.place.do(ctx, "reveal", path, func(ctx context.Context, c *conn) error {
		if !c.Can("hardlink@openssh.com", "1") {
			return noSecondName(path, errors.New("the server does not know hardlink@openssh.com"))
		}
		info, err := c.lstat(ctx, u.staged())
		if err != nil {
			return err
		}
		if _, err := c.lstat(ctx, path); err == nil {
			if ours, err := c.same(ctx, u.staged(), path); ours || err != nil {
				return err
			}
			return &connectors.Error{
				Kind: connectors.KindExists, Op: "reveal", Path: path, Err: errors.New("there is a file already, which is not replaced"),
				Remedy: "remove it, or reveal the copy under another name",
			}
		}
		if err := c.Chmod(ctx, c.abs(u.staged()), info.Mode.Perm()&^0o022); err != nil && !refused(err) {
			return err
		}
		lacking := promise.Lacking(path, func(folder string) bool { return !c.isThere(ctx, folder) })
		err = c.inFolder(ctx, path, func() error { return c.Hardlink(ctx, c.abs(u.staged()), c.abs(path)) })
		if err == nil {
			made = lacking
		}
		if refused(err) && !errors.Is(err, fs.ErrPermission) {
			return noSecondName(path, err)
		}
		return err
	})
	return made, err
}

func noSecondName(path string, why error) error {
	return &connectors.Error{
		Kind: connectors.KindUnsupported, Op: "reveal", Path: path, Err: fmt.Errorf("the server gives a file no second name: %w", why),
		Remedy: "leave reveal out, or send to a place with hard links",
	}
}
