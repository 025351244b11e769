package sftp

import (
	"context"
	"errors"
	"io/fs"
	"path"
	"strings"

	"gantry/connectors"
	"gantry/connectors/promise"
	"gantry/connectors/sftp/wire"
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
	return p.do(ctx, "rename", from, func(ctx context.Context, c *conn) error {
		info, err := c.lstat(ctx, from)
		if err != nil {
			return err
		}
		if err := regular("rename", from, info); err != nil {
			return err
		}
		if from == to {
			return nil
		}
		backup := backupOf(promise.NewID(to))
		return through(ctx, func(ctx context.Context) error {
			return c.inFolder(ctx, to, func() error { return p.replace(ctx, c, from, to, backup) })
		})
	})
}

// backupOf is where the file that an upload replaces waits, on servers that
// cannot replace in one step.
func backupOf(id string) string { return promise.StagedPath(id) + backupSuffix }

const backupSuffix = ".replaced"

// replace renames onto a path where a file may be, in one step where the server
// can and does. Some offer the extension and refuse it for a file that is there.
func (p *place) replace(ctx context.Context, c *conn, from, to, backup string) error {
	if p.atomic.Load() {
		err := c.PosixRename(ctx, c.abs(from), c.abs(to))
		if !refused(err) || errors.Is(err, fs.ErrNotExist) || !c.isFile(ctx, to) || !c.isFile(ctx, from) {
			return err
		}
		swapped := c.swap(ctx, from, to, backup)
		if swapped == nil {
			p.atomic.Store(false)
			p.refuses.Store(true)
			return nil
		}
		return err
	}
	return c.swap(ctx, from, to, backup)
}

// swap may be interrupted after each step, and be made again: the old file lies
// under its own name or as the backup until the new one is there.
func (c *conn) swap(ctx context.Context, from, to, backup string) error {
	err := c.Client.Rename(ctx, c.abs(from), c.abs(to))
	if err == nil || !refused(err) || !c.isFile(ctx, to) {
		return err
	}
	if made := c.makeFolder(ctx, c.abs(promise.Folder)); made != nil {
		return made
	}
	if err := c.Client.Rename(ctx, c.abs(to), c.abs(backup)); err != nil {
		return err
	}
	if err := c.Client.Rename(ctx, c.abs(from), c.abs(to)); err != nil {
		return errors.Join(err, c.Client.Rename(ctx, c.abs(backup), c.abs(to)))
	}
	return c.Client.Remove(ctx, c.abs(backup))
}

// settle makes good what an interrupted swap left behind.
func (c *conn) settle(ctx context.Context, to, backup string) error {
	switch {
	case !c.isFile(ctx, backup):
		return nil
	case c.isFile(ctx, to):
		return c.Client.Remove(ctx, c.abs(backup))
	default:
		return c.Client.Rename(ctx, c.abs(backup), c.abs(to))
	}
}

// putNew gives a file a path where nothing may be. OpenSSH's own rename is such a
// step; elsewhere a second name is made, which fails where one is already, and
// the first one removed.
func (c *conn) putNew(ctx context.Context, from, to string) error {
	return c.moveNew(ctx, c.abs(from), to)
}

// moveNew is putNew for a file at an absolute path.
func (c *conn) moveNew(ctx context.Context, file, to string) error {
	taken := func() error {
		return connectors.Errorf(connectors.KindExists, "commit", to, "there is a file already")
	}
	if !strings.HasPrefix(c.link.software(), "OpenSSH") && c.Can("hardlink@openssh.com", "1") {
		err := c.Hardlink(ctx, file, c.abs(to))
		switch {
		case err == nil:
			return c.Client.Remove(ctx, file)
		case errors.Is(err, fs.ErrNotExist):
			return err
		case refused(err) && c.isThere(ctx, to):
			return taken()
		case !refused(err):
			return err
		} // the file system has no links
	}
	// The protocol's rename fails on an existing file, but not every server does.
	if c.isThere(ctx, to) {
		return taken()
	}
	err := c.Client.Rename(ctx, file, c.abs(to))
	if refused(err) && !errors.Is(err, fs.ErrNotExist) && c.isThere(ctx, to) {
		return taken()
	}
	return err
}

func (c *conn) isThere(ctx context.Context, path string) bool {
	_, err := c.Lstat(ctx, c.abs(path))
	return err == nil
}

func (c *conn) isFile(ctx context.Context, path string) bool {
	info, err := c.Lstat(ctx, c.abs(path))
	return err == nil && !info.Mode.IsDir()
}

func (c *conn) isFolder(ctx context.Context, dir string) bool {
	info, err := c.Stat(ctx, dir)
	return err == nil && info.Mode.IsDir()
}

// inFolder runs put, which puts a file at path, and makes the folders that it
// lacks. A server that only says "failure" may mean the folder, which somebody
// else has made by now: put is run once more then.
func (c *conn) inFolder(ctx context.Context, p string, put func() error) error {
	err := put()
	if path.Dir(p) != "." && (errors.Is(err, fs.ErrNotExist) || isStatus(err, wire.Failure)) {
		if err := c.makeFolder(ctx, c.abs(path.Dir(p))); err != nil {
			return err
		}
		err = put()
	}
	if isStatus(err, wire.Failure, wire.AlreadyExists) && c.isFolder(ctx, c.abs(p)) {
		return connectors.Errorf(connectors.KindExists, "put", p, "a folder is there: %w", err)
	}
	return err
}

// makeFolder makes an absolute folder and those above it.
func (c *conn) makeFolder(ctx context.Context, dir string) error {
	err := c.Mkdir(ctx, dir)
	if err == nil || !refused(err) {
		return err
	}
	info, missing := c.Stat(ctx, dir) // the protocol has no "exists already"
	switch {
	case missing == nil && !info.Mode.IsDir():
		return connectors.Errorf(connectors.KindInvalid, "make folder", dir, "a file stands where a folder is needed")
	case missing == nil:
		return nil
	case dir == "/":
		return err
	}
	if !c.isFolder(ctx, path.Dir(dir)) {
		if above := c.makeFolder(ctx, path.Dir(dir)); above != nil {
			return above
		}
	}
	// Somebody else may have made the one above meanwhile, or this one by now.
	if err = c.Mkdir(ctx, dir); refused(err) && c.isFolder(ctx, dir) {
		return nil
	}
	return err
}
