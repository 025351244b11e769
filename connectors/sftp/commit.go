package sftp

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"time"

	"github.com/pkg/sftp"

	"gantry/connectors"
	"gantry/connectors/promise"
)

// Commit implements connectors.Upload.
func (u *upload) Commit(ctx context.Context, w connectors.Whole) (connectors.Entry, error) {
	if err := promise.CheckWhole(u.path, w); err != nil {
		return connectors.Entry{}, err
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.committed != nil && ctx.Err() == nil {
		return *u.committed, nil
	}
	entry, err := ask(ctx, u.place, "commit", u.path, func(c *conn) (connectors.Entry, error) { return u.commit(ctx, c, w) }, nil)
	if err != nil {
		return connectors.Entry{}, err
	}
	u.committed = &entry
	return entry, nil
}

func (u *upload) commit(ctx context.Context, c *conn, w connectors.Whole) (connectors.Entry, error) {
	if err := u.finish(c, w); err != nil {
		return connectors.Entry{}, err
	}
	// Whoever cancelled has got an error already, and shall find no file.
	if err := ctx.Err(); err != nil {
		return connectors.Entry{}, err
	}
	if err := c.inFolder(u.path, func() error { return u.publish(c) }); err != nil {
		return connectors.Entry{}, err
	}
	entry, err := c.stat(u.path)
	if err == nil && entry.Size != w.Size {
		err = connectors.Errorf(connectors.KindIntegrity, "commit", u.path, "the server says that it has %d bytes; %d were sent", entry.Size, w.Size)
	}
	return entry, err
}

// finish makes the staged file what the object shall be, and durable where the
// server can.
func (u *upload) finish(c *conn, w connectors.Whole) error {
	f, err := c.OpenFile(c.abs(u.staged()), os.O_WRONLY)
	if err != nil {
		return err
	}
	info, err := f.Stat()
	if err == nil {
		err = promise.CheckLength(u.path, info.Size(), w)
	}
	if err == nil && info.Size() > w.Size {
		err = f.Truncate(w.Size)
	}
	if err == nil {
		err = u.sync(c, f)
	}
	if closed := f.Close(); err == nil {
		err = closed
	}
	if err != nil {
		return err
	}
	if err := u.setTime(c); err != nil {
		return err
	}
	// Some servers write only when a file is closed: this length is the true one.
	info, err = c.Lstat(c.abs(u.staged()))
	if err != nil {
		return err
	}
	return promise.CheckLength(u.path, info.Size(), w)
}

// sync makes the staged file durable, where the server can. A server whose sync
// failed does not say so a second time, so that the file cannot be trusted.
func (u *upload) sync(c *conn, f *sftp.File) error {
	if !c.can("fsync@openssh.com", "1") {
		return nil
	}
	err := f.Sync()
	switch {
	case isStatus(err, statusUnsupported), isStatus(err, statusBadMessage): // by the file system that the server stands on
		return nil
	case isStatus(err, statusFailure):
		return &connectors.Error{
			Kind: connectors.KindUnavailable, Op: "commit", Path: u.path, Err: errors.Join(err, c.Client.Remove(c.abs(u.staged()))),
			Remedy: "the server cannot store what was written, and it was removed: let its operator check the disk, and begin again",
		}
	}
	return err
}

// setTime leaves the time alone on servers that do not let it be set, and where
// the protocol's 32 bits cannot hold it.
func (u *upload) setTime(c *conn) error {
	t := u.options.ModTime
	if t.IsZero() || t.Before(time.Unix(0, 0)) || t.Unix() > 1<<32-1 {
		return nil
	}
	err := c.Chtimes(c.abs(u.staged()), t, t)
	if errors.Is(err, fs.ErrPermission) || isStatus(err, statusUnsupported) {
		return nil
	}
	return err
}

func (u *upload) publish(c *conn) error {
	if !u.options.Exclusive {
		if err := c.replace(u.staged(), u.path, backupOf(u.id)); err != nil {
			return err
		}
		return c.settle(u.path, backupOf(u.id)) // an earlier attempt may have been interrupted
	}
	taken := func() error {
		return connectors.Errorf(connectors.KindExists, "commit", u.path, "there is a file already")
	}
	// The protocol's rename fails on an existing file, but not every server does.
	if c.isFile(u.path) {
		return taken()
	}
	err := c.Client.Rename(c.abs(u.staged()), c.abs(u.path))
	if err != nil && c.isFile(u.path) {
		return taken()
	}
	return err
}
