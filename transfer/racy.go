package transfer

import (
	"context"
	"fmt"
	"time"

	"gantry/connectors"
)

// Many places tell versions of a file apart by nothing but its size and its time. Two
// writings within one tick of such a clock look like one: what was read between them is
// of neither. So a file that was written a moment ago is left to rest before it is read,
// and what an earlier run read of it then is not believed.

const (
	coarse  = time.Second // of times, if nobody says better; no place without versions does
	coarser = time.Minute // of those in some listings of FTP
	rests   = 3           // how often a file is waited for that is written again and again
)

// unversioned tells whether nothing but size and time tells versions of the source apart.
func (r *run) unversioned(e connectors.Entry) bool {
	_, disk := connectors.As[connectors.OnDisk](r.job.Source.Place)
	_, states := r.job.Source.Place.(interface{ Traits() connectors.Traits })
	return e.Version == "" && states && !disk && !slow(r.job.Source.Place)
}

// there is the time by the clock of the source's place, as far as a probe has found it.
func (r *run) there(now time.Time) time.Time {
	if p := r.job.Source.Profile; p != nil {
		return now.Add(time.Duration(p.ClockSkew * float64(time.Second)))
	}
	return now
}

// racy tells whether the source, as it was looked at at a time, could be written after
// that without its time showing it.
func (r *run) racy(e connectors.Entry, at time.Time) bool {
	if !r.unversioned(e) {
		return false
	}
	tick := max(coarse, r.sourceTraits().TimePrecision)
	if e.ModTime.Equal(e.ModTime.Truncate(coarser)) {
		tick = max(tick, coarser)
	}
	return e.ModTime.IsZero() || e.ModTime.After(r.there(at).Add(-2*tick))
}

// settled waits until two ticks have passed since the source was written, if that is soon,
// and looks at it again.
func (r *run) settled(ctx context.Context, e connectors.Entry) (connectors.Entry, error) {
	tick := max(coarse, r.sourceTraits().TimePrecision)
	for range rests {
		left := e.ModTime.Add(2 * tick).Sub(r.there(r.e.o.Now()))
		if !r.unversioned(e) || left <= 0 || left > 3*tick {
			break
		}
		if err := r.pause(ctx, min(left, 2*tick)); err != nil {
			return e, err
		}
		r.started = r.e.o.Now().UTC()
		now, err := r.e.stat(ctx, r.job.Source.Place, r.path(), r.noteRetry)
		if err != nil || now.SameVersion(e) {
			return now, err
		}
		e = now
	}
	return e, nil
}

func (r *run) pause(ctx context.Context, d time.Duration) error {
	if r.ticket != nil {
		defer r.ticket.Note("waits for the source to rest")()
	}
	return r.e.o.Sleep(ctx, d)
}

// samples is how many of the parts that need not be read are read all the same: more
// where nothing but the time says that they are what they were.
func (r *run) samples(known int) int {
	if r.unversioned(r.source) {
		return min(known, 8)
	}
	return min(known, 2)
}

// noteUnread says in the receipt what was believed by the time of the source alone.
func (r *run) noteUnread(parts int) {
	if r.unversioned(r.source) {
		r.notes = append(r.notes, fmt.Sprintf("%d of %d parts were read by an earlier run and, but for %d of them, not again: the place tells the same size and time", parts, r.plan().Count(), r.samples(parts)))
	}
}
