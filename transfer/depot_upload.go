package transfer

import (
	"context"
	"errors"
	"io"
	"math"
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

// move moves the file, unless that was done.
func (u *consignment) move(ctx context.Context, w connectors.Whole) error {
	if u.moving != nil {
		return nil
	}
	u.d.forget(u.path)
	file, err := u.ready(w)
	if err != nil {
		return err
	}
	u.arrived = 0
	moving, entry, err := u.d.carry(ctx, connectors.Movement{
		ID: u.id, Path: u.path, File: file, Size: w.Size, ModTime: promise.ModTime(u.o, w), Exclusive: u.o.Exclusive, Afresh: u.d.afresh, Progress: u.progress,
	})
	if err == nil {
		u.moving, u.entry = moving, entry
	}
	return u.still(err)
}

// still is for a place that finds something else not to be there. To the caller it
// would mean that the upload is gone.
func (u *consignment) still(err error) error {
	if connectors.KindOf(err) == connectors.KindNotFound {
		return connectors.Errorf(connectors.KindInvalid, "commit", u.path, "%w", err)
	}
	return err
}

// hidden tells whether it has arrived under another name than its own.
func (u *consignment) hidden() bool { return u.moving != nil && u.entry.Path != u.path }

// bring receives what has arrived and is hidden, for OpenStaged.
func (u *consignment) bring(ctx context.Context, told func(int64)) error {
	return u.d.receive(ctx, u.entry.Path, u.entry.Size, told)
}

// OpenStaged implements connectors.Staged, where it is hidden.
func (u *consignment) OpenStaged(ctx context.Context, offset, length int64) (io.ReadCloser, error) {
	return u.d.Open(ctx, u.entry.Path, offset, length)
}

// Commit implements connectors.Upload. Where nobody can ask the place for what it
// has, the file is received.
func (u *consignment) Commit(ctx context.Context, w connectors.Whole) (connectors.Entry, error) {
	if err := u.move(ctx, w); err != nil {
		return connectors.Entry{}, err
	}
	entry, err := u.moving.Publish(ctx)
	if err != nil {
		return entry, u.still(err)
	}
	u.clear()
	if entry.Size < 0 {
		return u.d.Stat(ctx, u.path)
	}
	return entry, nil
}

func (u *consignment) progress(bytes int64) {
	u.arrived = bytes
	if u.told != nil {
		u.told(bytes)
	}
}

// datable is the time nearest to t that a file system can be trusted with: some turn
// over instead.
func datable(t time.Time) time.Time {
	if least, most := int64(math.MinInt32), int64(math.MaxUint32); t.Unix() < least || t.Unix() > most {
		return time.Unix(max(least, min(t.Unix(), most)), 0)
	}
	return t
}

// ready gives the file to be sent, as it has to be.
func (u *consignment) ready(w connectors.Whole) (string, error) {
	if err := promise.CheckWhole(u.path, w); err != nil {
		return "", err
	}
	if u.d.disk != "" {
		info, err := os.Stat(u.d.disk)
		if err != nil || info.Size() != w.Size || !info.ModTime().Equal(promise.ModTime(u.o, w)) {
			return "", connectors.Errorf(connectors.KindChanged, "commit", u.path, "the source has been changed since it was read")
		}
		return u.d.disk, nil
	}
	info, err := os.Stat(u.file())
	if err == nil {
		if err := promise.CheckLength(u.path, info.Size(), w); err != nil {
			return "", err
		}
		err = os.Truncate(u.file(), w.Size)
	}
	if modified := promise.ModTime(u.o, w); err == nil && !modified.IsZero() {
		t := datable(modified)
		err = os.Chtimes(u.file(), t, t)
	}
	if err != nil {
		return "", u.d.trouble("commit", u.path, err)
	}
	return u.file(), nil
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
