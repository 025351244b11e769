package ftp

import (
	"context"
	"io"

	"gantry/connectors"
)

var _ connectors.DatedPinner = (*place)(nil)

// PinsByTime implements connectors.DatedPinner.
func (p *place) PinsByTime() {}

// OpenAs implements connectors.Pinner for all of a file, by its size and time. They are
// asked for once, when all bytes have come: a file that was another one before, or became
// one meanwhile, has another time then. The last bytes are given once that is known.
func (p *place) OpenAs(ctx context.Context, e connectors.Entry, offset, length int64) (io.ReadCloser, error) {
	path, err := p.clean(e.Path)
	if err != nil {
		return nil, err
	}
	if p.dropBox {
		return nil, unreadable(path)
	}
	if e.Version != "" || e.ModTime.IsZero() || offset != 0 || length != e.Size || length <= 0 {
		return nil, connectors.Errorf(connectors.KindInvalid, "open", path, "a version is opened as a whole, by its time")
	}
	s, err := p.pool.take(ctx, true)
	if err != nil {
		return nil, fail("open", path, err)
	}
	d := &download{ctx: ctx, place: p, s: s, from: path, path: path, left: length, tail: true, entry: e, pinned: true, pace: pace{fast: p.fast}}
	d.stop = s.until(ctx)
	d.body, err = s.retrieve(path, 0)
	if codeOf(err) != 0 {
		err = d.unless(err)
	}
	if err != nil {
		d.finish()
		if ctx.Err() != nil {
			err = ctx.Err()
		}
		return nil, missing("open", path, err)
	}
	return d, nil
}

// still sees that the file is the version that it was opened as.
func (d *download) still() error {
	if !d.pinned {
		return nil
	}
	var now connectors.Entry
	err := d.s.warm(d.left == 0 && d.entry.Size <= small && d.place.more.follows(d.place.pool.now()), func() (err error) {
		now, err = d.place.file(d.s, "read", d.from)
		return err
	})
	if err == nil && !now.SameVersion(d.entry) {
		err = replaced(d.path, d.entry, now)
	}
	return err
}

// unless gives what has become of the file for the cause of an error.
func (d *download) unless(err error) error {
	if differs := d.still(); differs != nil {
		return differs
	}
	return err
}
