package transfer

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"time"

	"gantry/connectors"
	"gantry/connectors/promise"
)

// A consignment is an upload through a depot. It is moved when all of it has
// gathered, and published by its commit.
type consignment struct {
	d    *depot
	id   string
	path string
	o    connectors.UploadOptions
	told func(int64) // of bytes that have arrived; may be nil

	lease   *lease            // for what gathers
	arrived int64             // as told, of the last movement
	moving  connectors.Moving // once it has arrived
	entry   connectors.Entry  // then: where it is until it is published
}

// Begin implements connectors.Sink.
func (d *depot) Begin(ctx context.Context, path string, o connectors.UploadOptions) (connectors.Upload, error) {
	path, err := promise.CleanPath(path)
	if err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, promise.Ended("begin upload", path, err)
	}
	if o.Exclusive {
		if _, err := d.statter.Stat(ctx, path); connectors.KindOf(err) == connectors.KindUnsupported {
			return nil, &connectors.Error{
				Kind: connectors.KindUnsupported, Op: "begin upload", Path: path,
				Err: errors.New("nobody can ask the place whether there is a file already"), Remedy: "let files be replaced, or give the place what it lists by",
			}
		}
	}
	u := &consignment{d: d, id: o.Resume, path: path, o: o}
	if o.Resume != "" {
		return u, u.takeUp(ctx)
	}
	u.id = promise.NewID(path)
	if d.disk != "" {
		return u, nil
	}
	if err := u.reserve(); err != nil {
		return nil, err
	}
	f, err := os.OpenFile(u.file(), os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, d.trouble("begin upload", path, err)
	}
	return u, f.Close()
}

// reserve makes the scratch folder, and has room kept there for what is to gather.
func (u *consignment) reserve() (err error) {
	if err := os.MkdirAll(u.d.dir, 0o700); err != nil {
		return u.d.trouble("stage", u.path, err)
	}
	if u.lease, err = u.d.room.take(u.path, u.o.Size, occupied(u.file())); err == nil {
		u.d.leases = append(u.d.leases, u.lease)
	}
	return err
}

// takeUp finds what an earlier run has left. A file that stands at the path as it
// was to become is not sent again: the caller looks at it first. Without a size the
// upload is only going to be aborted.
func (u *consignment) takeUp(ctx context.Context) error {
	if err := promise.CheckID(u.id, u.path); err != nil || u.o.Size < 0 {
		return err
	}
	entry, err := u.d.statter.Stat(ctx, u.path)
	if err == nil && entry.Size == u.o.Size && entry.ModTime.Equal(u.o.ModTime.Truncate(time.Second)) {
		if err := u.Abort(ctx); err != nil {
			return err
		}
		return connectors.Errorf(connectors.KindNotFound, "take up upload of", u.path, "it seems to be there already")
	}
	if u.d.disk != "" {
		return nil
	}
	if _, err := os.Stat(u.file()); err != nil {
		return u.d.trouble("take up upload of", u.path, err)
	}
	return u.reserve()
}

func (u *consignment) file() string { return filepath.Join(u.d.dir, u.id) }

// clear removes what has gathered.
func (u *consignment) clear() {
	_ = os.Remove(u.file())
	u.lease.drop()
}

// ID implements connectors.Upload.
func (u *consignment) ID() string { return u.id }

// Parts implements connectors.Upload: the journal knows them.
func (u *consignment) Parts(context.Context) ([]connectors.Part, error) { return nil, nil }

// WritePart implements connectors.Upload. Where the source is a file of this machine
// there is nothing to be written: that file is what will be sent.
func (u *consignment) WritePart(ctx context.Context, p connectors.Part, r io.ReadSeeker) (connectors.Part, error) {
	if u.d.disk != "" {
		return connectors.Part{Number: p.Number, Offset: p.Offset, Size: p.Size}, nil
	}
	f, err := os.OpenFile(u.file(), os.O_WRONLY, 0)
	if err != nil {
		return p, u.d.trouble("write part of", u.path, err)
	}
	defer f.Close()
	lent := promise.NewPartReader(ctx, u.path, p, r)
	defer lent.Detach()
	if _, err = io.Copy(io.NewOffsetWriter(f, p.Offset), lent); err == nil {
		err = f.Sync()
	}
	if err == nil && u.lease != nil {
		err = u.lease.arrived(occupied(u.file()))
	}
	if connectors.KindOf(err) == connectors.KindOther {
		err = u.d.trouble("write part of", u.path, err)
	}
	return connectors.Part{Number: p.Number, Offset: p.Offset, Size: p.Size}, err
}

// OpenStaged implements connectors.Staged, where it is hidden.
func (u *consignment) OpenStaged(ctx context.Context, offset, length int64) (io.ReadCloser, error) {
	return u.d.Open(ctx, u.entry.Path, offset, length)
}

// Abort implements connectors.Upload. What a mover has left in its place is removed
// where it can be found.
func (u *consignment) Abort(ctx context.Context) error {
	u.clear()
	sweeper, ok := connectors.As[connectors.Sweeper](u.d.place)
	if !ok {
		return nil
	}
	return sweeper.Discard(ctx, connectors.Unfinished{Path: u.path, ID: u.id})
}
