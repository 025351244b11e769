package main

import (
	"errors"
	"time"

	"gantry/transfer/journal"
	"gantry/transfer/steer"
)

// expireAfter is how long a transfer is remembered that was stopped and never went on.
const expireAfter = 30 * 24 * time.Hour

// expire forgets transfers that nobody has gone on with for long. Their receipts are
// kept; what they have left at their destinations is for gantry sweep. Of the others that
// were killed it gives back the room that only a running one needs.
func (a *app) expire(now time.Time) error {
	h, err := home()
	if err != nil {
		return err
	}
	found, err := h.List()
	errs := []error{err}
	for _, f := range found {
		if !f.Touched.IsZero() && now.Sub(f.Touched) > expireAfter {
			errs = append(errs, a.expireOne(f, now))
			continue
		}
		errs = append(errs, journal.FreeReserve(f.Dir))
	}
	return errors.Join(errs...)
}

func (a *app) expireOne(f steer.Found, now time.Time) error {
	m, err := a.recall(f.Dir)
	var other *journal.InUse
	if errors.As(err, &other) {
		return nil // it runs
	}
	if err != nil {
		return err
	}
	s := f.Ask()
	s.State, s.Ended = steer.StateCancelled, now.UTC()
	if err := a.keepLeft(f, s, m.journal); err != nil {
		return errors.Join(err, m.Close())
	}
	return m.forget()
}

// keepLeft keeps the receipts of a transfer that does not go on.
func (a *app) keepLeft(f steer.Found, s steer.Status, j *journal.Journal) error {
	spool, err := newSpool(f.Dir, 0)
	if err != nil {
		return err
	}
	defer spool.Close()
	m := &mover{copier: &copier{app: a}, journal: j}
	if err := errors.Join(m.recount(&report{spool: spool, cancelled: true}, nil), spool.end()); err != nil {
		return err
	}
	return a.keepReceipts(f.Dir, s, spool)
}
