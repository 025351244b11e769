package ftp

import "context"

// turn is how many bytes a reader gets before it gives way to others who wait for its
// session.
const turn = 32 << 20

// giveWay lets somebody else have the session, and goes on with the next that is free.
func (d *download) giveWay() error {
	body, s := d.body, d.s
	d.body, d.s = nil, nil
	d.stop()
	gone := make(chan struct{})
	go func() {
		defer close(gone)
		s.cutShort(body)
		d.place.pool.give(s, true)
	}()
	select {
	case <-gone:
	case <-d.ctx.Done():
		return d.ctx.Err()
	}
	return d.goOn()
}

// goOn begins another transfer where the last one has stopped.
func (d *download) goOn() error {
	s, err := d.place.pool.take(d.ctx, true)
	if err != nil {
		return err
	}
	d.s, d.since = s, d.at
	d.stop = context.AfterFunc(d.ctx, s.abort)
	before := d.entry
	size, err := d.look()
	if err == nil && !before.SameVersion(d.entry) {
		err = replaced(d.path, before, d.entry)
	}
	if err == nil {
		err = d.place.canRestart(s, d.from, size)
	}
	if err == nil {
		d.body, err = s.retrieve(d.from, d.at)
	}
	if err != nil && d.ctx.Err() != nil {
		err = d.ctx.Err()
	}
	return err
}
