package transfer

import (
	"context"
	"math"
	"os"
	"time"

	"gantry/connectors"
	"gantry/connectors/promise"
)

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

// collect receives what has arrived and is hidden, for OpenStaged.
func (u *consignment) collect(ctx context.Context, told func(int64)) error {
	return u.d.receive(ctx, u.entry.Path, u.entry.Size, told)
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
