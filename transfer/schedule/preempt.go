package schedule

import "time"

const (
	extras    = 2                      // slots above the limit, for urgent jobs where no other can be taken away
	pace      = 500 * time.Millisecond // between slots that are taken for a job which has one
	patient   = 2 * time.Second        // how long a part keeps what it has while it may not move
	spared    = 2                      // a job that has lost so many parts in a row keeps the next one if it can
	brakeTo   = 10                     // what lower ones have while urgent parts move: one part in so many
	brakeLess = 16 << 10               // bytes/s, at least
)

// force finds a slot for an urgent part though none is free. The first part of its
// job takes one away at once, or gets an extra one; the others follow at a pace.
func (l *lane) force(c *core, now time.Time, k *claim, w *alarm) bool {
	if k.flow.running > 0 {
		if next := l.took.Add(pace); now.Before(next) {
			if l.victim(k) != nil {
				w.ring(next)
			}
			return false
		}
	}
	if v := l.victim(k); v != nil {
		l.took = now
		c.preempted++
		v.take(ErrPreempted)
		c.grant(now, k, false)
		return true
	}
	if k.flow.running > 0 || !l.extra(c) {
		return false
	}
	c.grant(now, k, false)
	return true
}

// victim is the running part of the lowest priority that has moved the least. Where
// the endpoint's connections are what is short, it may be one of the other direction.
func (l *lane) victim(k *claim) (v *claim) {
	lanes := []*lane{l}
	if l.endpoint.most > 0 && l.endpoint.count() >= l.endpoint.most {
		lanes = []*lane{&l.endpoint.lanes[Read], &l.endpoint.lanes[Write]}
	}
	for _, lane := range lanes {
		for _, r := range lane.running {
			if r.job.level >= k.job.level || r.flow.whole || r.dying || r.aged && r.flow.lost > 0 || r.spared() && k.flow.running > 0 {
				continue
			}
			if v == nil || r.loses(v) {
				v = r
			}
		}
	}
	return v
}

// spared is for a job that has lost several parts in a row.
func (k *claim) spared() bool { return k.flow.lost >= spared }

// loses tells whether a part is the better one to take.
func (k *claim) loses(v *claim) bool {
	switch {
	case k.spared() != v.spared():
		return v.spared()
	case k.job.level != v.job.level:
		return k.job.level < v.job.level
	default:
		return k.moved.Load() < v.moved.Load()
	}
}

// extra tells whether there may be one more slot than the limit: lower ones hold
// slots that cannot be taken away.
func (l *lane) extra(c *core) bool {
	e := l.endpoint
	if e.most > 0 && e.count() >= e.most || len(l.running) >= min(l.adaptive.limit*heavy, c.o.Slots)+extras {
		return false
	}
	lower := 0
	for _, r := range l.running {
		if r.job.level < Urgent && !r.dying {
			lower++
		}
	}
	return lower > 0
}

// take ends a slot before its part has moved.
func (k *claim) take(cause error) {
	if !k.dying {
		k.dying = true
		k.end(cause)
	}
}

// WindUp is how long a part of a job that is paused may still move, if it is thought to
// be done by then.
const WindUp = 3 * time.Second

// stop takes the slots from parts that may not move any more.
func (l *lane) stop(c *core, now time.Time, w *alarm) {
	for _, r := range l.running {
		switch until := r.job.since.Add(WindUp); {
		case r.dying || r.flow.whole:
		case c.stopped(r.flow) != nil || r.job.paused && !r.doneBy(now, until):
			r.take(ErrHeld)
		case r.job.paused:
			w.ring(until)
		}
	}
}

// doneBy tells whether a part will have moved by then, at the pace that it had.
func (k *claim) doneBy(now, then time.Time) bool {
	moved := k.moved.Load()
	if moved == 0 || !now.Before(then) {
		return false
	}
	left := now.Sub(k.granted).Seconds() / float64(moved) * float64(k.bytes-moved)
	return left <= then.Sub(now).Seconds()
}

// hold keeps those that may not move from their turn, and after a while sends them
// away, so that they give back the memory that they have. Later ones of the same flow
// are sent away at once.
func (l *lane) hold(c *core, now time.Time, w *alarm) {
	kept := l.waiting[:0]
	for _, k := range l.waiting {
		if !k.job.paused && c.stopped(k.flow) == nil {
			k.held, k.flow.held = false, time.Time{}
			kept = append(kept, k)
			continue
		}
		if k.held = true; k.flow.held.IsZero() {
			k.flow.held = now
		}
		if until := k.flow.held.Add(patient); now.Before(until) {
			w.ring(until)
			kept = append(kept, k)
			continue
		}
		k.err = ErrHeld
		close(k.ready)
	}
	clear(l.waiting[len(kept):])
	l.waiting = kept
}

// slow sets the brake: while urgent parts move, what is lower has a tenth.
func (l *lane) slow(now time.Time) {
	urgent, lower := false, false
	for _, r := range l.running {
		urgent = urgent || r.job.level >= Urgent && !r.dying
		lower = lower || r.job.level < Urgent && !r.dying
	}
	if urgent && lower {
		l.brake.set(now, max(brakeLess, int64(l.adaptive.rate)/brakeTo))
	} else {
		l.brake.set(now, 0)
	}
}
