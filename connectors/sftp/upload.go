package sftp

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"sync"
	"sync/atomic"
	"time"

	"gantry/connectors"
	"gantry/connectors/promise"
	"gantry/connectors/sftp/wire"
)

// upload is a file in the staging folder. It keeps the file open in the sessions
// that wrote to it, and outlives them: whatever session there is opens it again.
type upload struct {
	place    *place
	id, path string
	options  connectors.UploadOptions
	final    bool // written under its final name; see dropped
	began    time.Time

	mu        sync.Mutex // held by Commit and Abort
	committed *connectors.Entry

	files kept
	reach atomic.Int64              // the furthest byte that was written
	wrote atomic.Pointer[time.Time] // when a byte was last written, or a part begun
}

var (
	_ connectors.Upload       = (*upload)(nil)
	_ connectors.Staged       = (*upload)(nil)
	_ connectors.StagedHasher = (*upload)(nil)
)

// Begin implements connectors.Sink.
func (p *place) Begin(ctx context.Context, path string, o connectors.UploadOptions) (connectors.Upload, error) {
	path, err := promise.CleanPath(path)
	if err != nil {
		return nil, err
	}
	if p.dropBox {
		return p.drop(ctx, path, o)
	}
	u := &upload{place: p, id: o.Resume, path: path, options: o, began: p.now()}
	if o.Resume != "" {
		return u, u.takeUp(ctx)
	}
	u.id = promise.NewID(path)
	p.prepare(o.Size)
	return u, p.do(ctx, "begin", path, u.create)
}

// staged is where the bytes go.
func (u *upload) staged() string {
	if u.final {
		return u.path
	}
	return promise.StagedPath(u.id)
}

// takeUp checks that an earlier upload is still there.
func (u *upload) takeUp(ctx context.Context) error {
	if err := promise.CheckID(u.id, u.path); err != nil {
		return err
	}
	return u.place.do(ctx, "take up upload of", u.path, func(ctx context.Context, c *conn) error {
		_, err := c.lstat(ctx, u.staged())
		if errors.Is(err, fs.ErrNotExist) {
			settled := through(ctx, func(ctx context.Context) error { return c.settle(ctx, u.path, backupOf(u.id)) })
			return errors.Join(err, settled)
		}
		return err
	})
}

// create makes the staged file, in folders that it may have to make.
func (u *upload) create(ctx context.Context, c *conn) error {
	room := make(chan error, 1)
	go func() { // the answer is there with that to the opening
		if u.options.Size < worthAsking {
			room <- nil
			return
		}
		room <- c.room(ctx, u.path, u.options.Size)
	}()
	const how = wire.Create | wire.Exclusive | wire.ForWrite
	h, err := c.Client.Open(ctx, c.abs(u.staged()), how)
	if refused(err) {
		if missing := u.makeStaging(ctx, c); missing != nil {
			return missing
		}
		h, err = c.Client.Open(ctx, c.abs(u.staged()), how)
	}
	if full := <-room; full != nil && (err == nil || refused(err)) {
		if err == nil {
			giveBack(c, h)
			err = c.Client.Remove(ctx, c.abs(u.staged()))
		}
		return errors.Join(full, err)
	}
	if err != nil {
		return err
	}
	u.took(c, h)
	return nil
}

// took keeps a fresh handle, or closes it.
func (u *upload) took(c *conn, h wire.Handle) {
	if !u.files.keep(c, h) {
		giveBack(c, h)
	}
}

func (u *upload) makeStaging(ctx context.Context, c *conn) error {
	if !u.place.create {
		if _, err := c.stat(ctx, "."); errors.Is(err, fs.ErrNotExist) {
			return u.place.noRoot(err)
		}
	}
	return c.makeFolder(ctx, c.abs(promise.Folder))
}

// ID implements connectors.Upload.
func (u *upload) ID() string { return u.id }

// Parts implements connectors.Upload: a file does not tell where it was written.
func (u *upload) Parts(ctx context.Context) ([]connectors.Part, error) {
	return nil, u.place.do(ctx, "list parts of", u.path, func(ctx context.Context, c *conn) error {
		_, err := c.lstat(ctx, u.staged())
		return err
	})
}

// OpenStaged implements connectors.Staged.
func (u *upload) OpenStaged(ctx context.Context, offset, length int64) (io.ReadCloser, error) {
	return u.place.read(ctx, &opener{from: u.staged(), path: u.path, ours: !u.final}, offset, length)
}

// Abort implements connectors.Upload.
func (u *upload) Abort(ctx context.Context) error {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.files.end()
	_ = u.files.closeAll(ctx) // what could not be stored is not wanted any more
	return u.place.do(ctx, "abort", u.path, func(ctx context.Context, c *conn) error {
		if err := through(ctx, func(ctx context.Context) error { return c.settle(ctx, u.path, backupOf(u.id)) }); err != nil {
			return err
		}
		err := c.explain(ctx, u.staged(), c.Client.Remove(ctx, c.abs(u.staged())))
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		return err
	})
}
