package sftp

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"sync"

	"gantry/connectors"
	"gantry/connectors/promise"
	"gantry/connectors/sftp/wire"
)

// dropped is an upload to a server that only takes files: it is written under its
// final name at once, and cannot be read back. It is no connectors.Staged.
type dropped struct {
	u *upload

	mu       sync.Mutex
	accepted map[int]bool // by the numbers of parts: the server tells nothing afterwards
}

var _ connectors.Upload = (*dropped)(nil)

// drop begins an upload to a drop box.
func (p *place) drop(ctx context.Context, path string, o connectors.UploadOptions) (connectors.Upload, error) {
	u := &upload{place: p, id: o.Resume, path: path, options: o, final: true}
	how := uint32(wire.ForWrite)
	switch {
	case o.Resume != "":
		if err := promise.CheckID(o.Resume, path); err != nil {
			return nil, err
		}
	case o.Exclusive:
		how |= wire.Create | wire.Exclusive
	default:
		how |= wire.Create | wire.Truncate
	}
	if u.id == "" {
		u.id = promise.NewID(path)
	}
	err := p.do(ctx, "begin", path, func(ctx context.Context, c *conn) error {
		open := func() error {
			h, err := c.Client.Open(ctx, c.abs(path), how)
			if err != nil {
				return err
			}
			u.took(c, h)
			return nil
		}
		if o.Resume != "" {
			return open()
		}
		err := c.inFolder(ctx, path, open)
		if o.Exclusive && isStatus(err, wire.Failure, wire.AlreadyExists) && c.isThere(ctx, path) {
			return connectors.Errorf(connectors.KindExists, "begin", path, "there is a file already: %w", err)
		}
		return err
	})
	return &dropped{u: u, accepted: map[int]bool{}}, err
}

// ID implements connectors.Upload.
func (d *dropped) ID() string { return d.u.id }

// Parts implements connectors.Upload.
func (d *dropped) Parts(context.Context) ([]connectors.Part, error) { return nil, nil }

// WritePart implements connectors.Upload.
func (d *dropped) WritePart(ctx context.Context, p connectors.Part, r io.ReadSeeker) (connectors.Part, error) {
	d.note(p.Number, false)
	got, err := d.u.WritePart(ctx, p, r)
	d.note(p.Number, err == nil)
	return got, err
}

func (d *dropped) note(number int, accepted bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.accepted[number] = accepted
}

// complete refuses parts that did not arrive. Of those that another process sent
// the caller knows.
func (d *dropped) complete(w connectors.Whole) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, p := range w.Parts {
		if accepted, tried := d.accepted[p.Number]; !accepted && (tried || d.u.options.Resume == "") {
			return connectors.Errorf(connectors.KindIncomplete, "commit", d.u.path, "part %d was not accepted; send it again", p.Number)
		}
	}
	return nil
}

// Commit implements connectors.Upload. What the server does not let us find out
// is taken for granted.
func (d *dropped) Commit(ctx context.Context, w connectors.Whole) (connectors.Entry, error) {
	if err := promise.CheckWhole(d.u.path, w); err != nil {
		return connectors.Entry{}, err
	}
	d.u.mu.Lock()
	defer d.u.mu.Unlock()
	if d.u.committed != nil && ctx.Err() == nil {
		return *d.u.committed, nil
	}
	if err := d.complete(w); err != nil {
		return connectors.Entry{}, err
	}
	entry, err := ask(ctx, d.u.place, "commit", d.u.path, func(ctx context.Context, c *conn) (connectors.Entry, error) { return d.u.close(ctx, c, w) })
	if err == nil {
		d.u.committed = &entry
		d.u.files.end()
	}
	return entry, err
}

// close makes a file in a drop box final.
func (u *upload) close(ctx context.Context, c *conn, w connectors.Whole) (connectors.Entry, error) {
	defer c.link.patient(w.Size)()
	h, err := u.open(ctx, c)
	if err != nil {
		return connectors.Entry{}, err
	}
	u.files.forget(c)
	err = u.files.closeAll(ctx)
	if info, asked := c.Fstat(ctx, h); err == nil && asked == nil && info.Size >= 0 {
		err = promise.CheckLength(u.path, info.Size, w)
		if err == nil && info.Size > w.Size {
			err = c.Resize(ctx, h, w.Size)
		}
	}
	if err == nil && c.Can("fsync@openssh.com", "1") {
		if synced := c.Fsync(ctx, h); !isStatus(synced, wire.Unsupported, wire.BadMessage, wire.PermissionDenied) {
			err = synced
		}
	}
	if closed := c.CloseHandle(ctx, h); err == nil {
		err = closed
	}
	if err == nil {
		err = c.setTime(ctx, u.path, promise.ModTime(u.options, w), &u.place.undated)
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) { // many take a file away as soon as it is closed
		return connectors.Entry{}, err
	}
	entry, err := c.entry(ctx, u.path)
	if err != nil {
		return connectors.Entry{Path: u.path, Size: w.Size, ModTime: promise.ModTime(u.options, w)}, unlessRefused(err)
	}
	if entry.Size != w.Size {
		err = connectors.Errorf(connectors.KindIntegrity, "commit", u.path, "the server says that it has %d bytes; %d were sent", entry.Size, w.Size)
	}
	return entry, err
}

// unlessRefused forgives a server that does not let us look.
func unlessRefused(err error) error {
	var known *connectors.Error
	if refused(err) || errors.As(err, &known) {
		return nil
	}
	return err
}

// Abort implements connectors.Upload. Half a file under its final name is removed,
// if the server lets us; one that was committed stays.
func (d *dropped) Abort(ctx context.Context) error {
	d.u.mu.Lock()
	defer d.u.mu.Unlock()
	if d.u.committed != nil {
		return nil
	}
	d.u.files.end()
	_ = d.u.files.closeAll(ctx) // what could not be stored is not wanted any more
	return d.u.place.do(ctx, "abort", d.u.path, func(ctx context.Context, c *conn) error {
		err := c.Client.Remove(ctx, c.abs(d.u.path))
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		return err
	})
}
