package sftp

import (
	"context"
	"errors"
	"io/fs"
	"time"

	"gantry/connectors"
	"gantry/connectors/promise"
	"gantry/connectors/sftp/wire"
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
	entry, err := askOn(ctx, u.take, "commit", u.path, func(ctx context.Context, c *conn) (connectors.Entry, error) { return u.commit(ctx, c, w) })
	if err != nil {
		return connectors.Entry{}, err
	}
	u.committed = &entry
	u.files.end()
	return entry, nil
}

func (u *upload) commit(ctx context.Context, c *conn, w connectors.Whole) (connectors.Entry, error) {
	defer c.link.patient(w.Size)()
	seen, err := u.finish(ctx, c, w)
	if err != nil {
		return connectors.Entry{}, err
	}
	err = through(ctx, func(ctx context.Context) error {
		return c.inFolder(ctx, u.path, func() error { return u.publish(ctx, c) })
	})
	if err != nil {
		return connectors.Entry{}, err
	}
	if seen.Typed && seen.Size == w.Size && u.place.atomic.Load() { // a rename changes neither
		return entryOf(u.path, seen)
	}
	entry, err := c.entry(ctx, u.path)
	if err == nil && entry.Size != w.Size {
		err = connectors.Errorf(connectors.KindIntegrity, "commit", u.path, "the server says that it has %d bytes; %d were sent", entry.Size, w.Size)
	}
	return entry, err
}

// finish makes the staged file what the object shall be, and durable where the
// server can.
func (u *upload) finish(ctx context.Context, c *conn, w connectors.Whole) (seen wire.Attrs, err error) {
	h, err := u.open(ctx, c)
	if err != nil {
		return seen, err
	}
	u.files.forget(c)
	if c.link.isOpenSSH() && u.options.Resume == "" && u.reach.Load() <= w.Size {
		return u.finishAtOnce(ctx, c, h, w)
	}
	return seen, u.finishInSteps(ctx, c, h, w)
}

// finishInSteps is for a file that may have to be cut, and for servers that may work on
// several requests at once.
func (u *upload) finishInSteps(ctx context.Context, c *conn, h wire.Handle, w connectors.Whole) error {
	others := make(chan error, 1)
	go func() { others <- u.files.closeAll(ctx) }()
	err := u.seal(ctx, c, h, w)
	if failed := <-others; failed != nil {
		giveBack(c, h)
		return u.lost(ctx, c, failed)
	}
	if closed := c.CloseHandle(ctx, h); err == nil && closed != nil {
		err = u.lost(ctx, c, closed)
	}
	if err != nil {
		return err
	}
	dated := make(chan error, 1)
	go func() { dated <- c.setTime(ctx, u.staged(), promise.ModTime(u.options, w), &u.place.undated) }()
	// Some servers write only when a file is closed: this length is the true one.
	info, err := c.lstat(ctx, u.staged())
	if failed := <-dated; failed != nil {
		return failed
	}
	if err != nil || info.Size < 0 {
		return err
	}
	return promise.CheckLength(u.path, info.Size, w)
}

// seal gives the file its length, and syncs it. It returns when the server has answered
// all: some work on several requests at once, and say of a file that was closed meanwhile
// that they could not sync it.
func (u *upload) seal(ctx context.Context, c *conn, h wire.Handle, w connectors.Whole) error {
	synced := make(chan error, 1)
	go func() { synced <- u.sync(ctx, c, h) }() // most files have their length already
	size, err := u.measure(ctx, c, h, w)
	failed := <-synced
	switch {
	case err != nil:
		return err
	case failed != nil, size <= w.Size:
		return failed
	}
	if err := c.Resize(ctx, h, w.Size); err != nil {
		return u.tooLong(err)
	}
	return u.sync(ctx, c, h)
}

// measure gives the length of the open file, which is no shorter than it has to be, or
// less than zero where the server does not tell.
func (u *upload) measure(ctx context.Context, c *conn, h wire.Handle, w connectors.Whole) (int64, error) {
	info, err := c.Fstat(ctx, h)
	if refused(err) {
		info, err = c.lstat(ctx, u.staged())
	}
	if err != nil || info.Size < 0 {
		return info.Size, err
	}
	return info.Size, promise.CheckLength(u.path, info.Size, w)
}

// sync makes the open file durable, where the server can.
func (u *upload) sync(ctx context.Context, c *conn, h wire.Handle) error {
	if !c.Can("fsync@openssh.com", "1") {
		return nil
	}
	return u.synced(ctx, c, c.Fsync(ctx, h))
}

// synced understands the answer to a sync.
func (u *upload) synced(ctx context.Context, c *conn, err error) error {
	switch {
	case isStatus(err, wire.Unsupported, wire.BadMessage): // by the file system that the server stands on
		return nil
	case refused(err):
		return u.lost(ctx, c, err)
	}
	return err
}

// tooLong explains a file that a part was left over in, on a server that cannot
// cut it.
func (u *upload) tooLong(err error) error {
	if !refused(err) {
		return err
	}
	return &connectors.Error{
		Kind: kindOf(err), Op: "commit", Path: u.path, Err: err,
		Remedy: "the server does not let a file be cut, and more was sent than belongs to it: abort the upload, and begin again",
	}
}

// lost removes a file of which the server has said that it could not store it: it
// does not say so a second time, so that the file cannot be trusted.
func (u *upload) lost(ctx context.Context, c *conn, err error) error {
	if !refused(err) {
		return err
	}
	if isStatus(err, wire.NoSpace, wire.QuotaExceeded) {
		return err
	}
	return &connectors.Error{
		Kind: connectors.KindUnavailable, Op: "commit", Path: u.path, Err: errors.Join(err, c.Client.Remove(ctx, c.abs(u.staged()))),
		Remedy: "the server cannot store what was written, and it was removed: let its operator check the disk, and begin again",
	}
}

// setTime leaves the time alone where the protocol's 32 bits cannot hold it, and
// on servers that do not let it be set, which it notes.
func (c *conn) setTime(ctx context.Context, path string, t time.Time, undated interface{ Store(bool) }) error {
	if t = tellable(t); t.IsZero() {
		return nil
	}
	return dated(c.SetTime(ctx, c.abs(path), t), undated)
}

// tellable is the time if the protocol can tell it, else zero.
func tellable(t time.Time) time.Time {
	if t.Before(time.Unix(0, 0)) || t.Unix() > 1<<32-1 {
		return time.Time{}
	}
	return t
}

// dated understands the answer to the setting of a time.
func dated(err error, undated interface{ Store(bool) }) error {
	if refused(err) && !errors.Is(err, fs.ErrNotExist) {
		undated.Store(true)
		return nil
	}
	return err
}

// publish is made again after an interruption.
func (u *upload) publish(ctx context.Context, c *conn) error {
	if u.options.Exclusive {
		return c.putNew(ctx, u.staged(), u.path)
	}
	if err := u.place.replace(ctx, c, u.staged(), u.path, backupOf(u.id)); err != nil {
		return err
	}
	if u.options.Resume == "" && u.place.atomic.Load() {
		return nil
	}
	return c.settle(ctx, u.path, backupOf(u.id)) // an earlier attempt may have been interrupted
}
