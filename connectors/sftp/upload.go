package sftp

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"sync"

	"gantry/connectors"
	"gantry/connectors/promise"
)

// upload is a file in the staging folder. It keeps no file open between calls, so
// that it outlives the connection.
type upload struct {
	place    *place
	id, path string
	options  connectors.UploadOptions

	mu        sync.Mutex // held by Commit and Abort
	committed *connectors.Entry
}

var (
	_ connectors.Upload = (*upload)(nil)
	_ connectors.Staged = (*upload)(nil)
)

// Begin implements connectors.Sink.
func (p *place) Begin(ctx context.Context, path string, o connectors.UploadOptions) (connectors.Upload, error) {
	path, err := promise.CleanPath(path)
	if err != nil {
		return nil, err
	}
	u := &upload{place: p, id: o.Resume, path: path, options: o}
	if o.Resume != "" {
		return u, u.takeUp(ctx)
	}
	u.id = promise.NewID(path)
	return u, p.do(ctx, "begin", path, u.create)
}

func (u *upload) staged() string { return promise.StagedPath(u.id) }

// takeUp checks that an earlier upload is still there.
func (u *upload) takeUp(ctx context.Context) error {
	if err := promise.CheckID(u.id, u.path); err != nil {
		return err
	}
	return u.place.do(ctx, "take up upload of", u.path, func(c *conn) error {
		_, err := c.Lstat(c.abs(u.staged()))
		if errors.Is(err, fs.ErrNotExist) {
			return errors.Join(err, c.settle(u.path, backupOf(u.id)))
		}
		return err
	})
}

// create makes the staged file, in folders that it may have to make.
func (u *upload) create(c *conn) error {
	if u.options.Size >= worthAsking {
		if err := c.room(u.path, u.options.Size); err != nil {
			return err
		}
	}
	err := c.createNew(u.staged())
	if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if _, err := c.Client.Stat(c.root); errors.Is(err, fs.ErrNotExist) && !u.place.create {
		return u.place.noRoot(err)
	}
	if err := c.makeFolder(c.abs(promise.Folder)); err != nil {
		return err
	}
	return c.createNew(u.staged())
}

func (c *conn) createNew(path string) error {
	f, err := c.OpenFile(c.abs(path), os.O_CREATE|os.O_EXCL|os.O_WRONLY)
	if err != nil {
		return err
	}
	return f.Close()
}

// ID implements connectors.Upload.
func (u *upload) ID() string { return u.id }

// Parts implements connectors.Upload: a file does not tell where it was written.
func (u *upload) Parts(ctx context.Context) ([]connectors.Part, error) {
	return nil, u.place.do(ctx, "list parts of", u.path, func(c *conn) error {
		_, err := c.Lstat(c.abs(u.staged()))
		return err
	})
}

// OpenStaged implements connectors.Staged.
func (u *upload) OpenStaged(ctx context.Context, offset, length int64) (io.ReadCloser, error) {
	return u.place.read(ctx, u.staged(), u.path, offset, length)
}

// Abort implements connectors.Upload.
func (u *upload) Abort(ctx context.Context) error {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.place.do(ctx, "abort", u.path, func(c *conn) error {
		if err := c.settle(u.path, backupOf(u.id)); err != nil {
			return err
		}
		if err := c.Client.Remove(c.abs(u.staged())); !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		return nil
	})
}
