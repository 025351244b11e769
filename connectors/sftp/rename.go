package sftp

import (
	"context"
	"errors"
	"io/fs"
	"path"

	"gantry/connectors"
	"gantry/connectors/promise"
)

// Rename implements connectors.Renamer.
func (p *place) Rename(ctx context.Context, from, to string) error {
	from, err := promise.CleanPath(from)
	if err != nil {
		return err
	}
	if to, err = promise.CleanPath(to); err != nil {
		return err
	}
	return p.do(ctx, "rename", from, func(c *conn) error {
		info, err := c.Lstat(c.abs(from))
		if err != nil {
			return err
		}
		if err := regular("rename", from, info); err != nil {
			return err
		}
		return c.inFolder(to, func() error { return c.replace(from, to, backupOf(promise.NewID(to))) })
	})
}

// backupOf is where the file that an upload replaces waits, on servers that
// cannot replace in one step.
func backupOf(id string) string { return promise.StagedPath(id) + ".replaced" }

// replace renames onto a path where a file may be. Without the extension it may
// be interrupted after each step, and be made again: the old file lies under its
// own name or as the backup until the new one is there.
func (c *conn) replace(from, to, backup string) error {
	if c.canReplace() {
		return c.PosixRename(c.abs(from), c.abs(to))
	}
	err := c.Client.Rename(c.abs(from), c.abs(to))
	if err == nil || !c.isFile(to) {
		return err
	}
	if made := c.makeFolder(c.abs(promise.Folder)); made != nil {
		return made
	}
	if err := c.Client.Rename(c.abs(to), c.abs(backup)); err != nil {
		return err
	}
	if err := c.Client.Rename(c.abs(from), c.abs(to)); err != nil {
		return errors.Join(err, c.Client.Rename(c.abs(backup), c.abs(to)))
	}
	return c.Client.Remove(c.abs(backup))
}

// settle makes good what an interrupted replace left behind.
func (c *conn) settle(to, backup string) error {
	if c.canReplace() || !c.isFile(backup) {
		return nil
	}
	if c.isFile(to) {
		return c.Client.Remove(c.abs(backup))
	}
	return c.Client.Rename(c.abs(backup), c.abs(to))
}

func (c *conn) isFile(path string) bool {
	info, err := c.Lstat(c.abs(path))
	return err == nil && !info.IsDir()
}

// inFolder runs put, which puts a file at path, and makes the folders that it
// lacks.
func (c *conn) inFolder(p string, put func() error) error {
	err := put()
	if errors.Is(err, fs.ErrNotExist) && path.Dir(p) != "." {
		if err := c.makeFolder(c.abs(path.Dir(p))); err != nil {
			return err
		}
		err = put()
	}
	if isStatus(err, statusFailure) {
		if info, failed := c.Lstat(c.abs(p)); failed == nil && info.IsDir() {
			return connectors.Errorf(connectors.KindExists, "put", p, "a folder is there: %w", err)
		}
	}
	return err
}

// makeFolder makes an absolute folder and those above it.
func (c *conn) makeFolder(dir string) error {
	err := c.Mkdir(dir)
	if errors.Is(err, fs.ErrNotExist) && dir != "/" {
		if err := c.makeFolder(path.Dir(dir)); err != nil {
			return err
		}
		err = c.Mkdir(dir)
	}
	if err == nil {
		return nil
	}
	info, failed := c.Client.Stat(dir) // the protocol has no "exists already"
	switch {
	case failed != nil:
		return err
	case !info.IsDir():
		return connectors.Errorf(connectors.KindInvalid, "make folder", dir, "a file stands where a folder is needed")
	default:
		return nil
	}
}
