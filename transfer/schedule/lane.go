package schedule

import (
	"slices"
	"time"
)

// request puts a part into the lane.
func (c *core) request(now time.Time, f *flow, bytes int64, end func(error)) *claim {
	k := &claim{wish: wish{f.job, now, c.next()}, flow: f, bytes: bytes, weight: weigh(bytes), ready: make(chan struct{}), end: end}
	f.used = true
	f.lane.waiting = append(f.lane.waiting, k)
	return k
}

// withdraw is for a part that waits no longer. One that has its slot gives it back.
func (c *core) withdraw(now time.Time, k *claim) {
	if i := slices.Index(k.flow.lane.waiting, k); i >= 0 {
		k.flow.lane.waiting = slices.Delete(k.flow.lane.waiting, i, i+1)
		return
	}
	if k.err == nil {
		c.release(now, k, nil)
	}
}

// release ends a slot.
func (c *core) release(now time.Time, k *claim, err error) {
	f, l := k.flow, k.flow.lane
	i := slices.Index(l.running, k)
	if i < 0 {
		return
	}
	l.running = slices.Delete(l.running, i, i+1)
	k.limits = nil
	f.running--
	f.job.running--
	l.choice.shares.charge(f.job, min(0, k.moved.Load()-k.bytes))
	switch {
	case k.dying:
		f.lost++
	case err == nil:
		f.lost = 0
		l.adaptive.ended(now, k.bytes, len(l.running), l.most(c.o))
	default:
		c.told(now, f.endpoint, l, err)
	}
	l.adaptive.look(now, l.moved.Load())
}

func (c *core) grant(now time.Time, k *claim, aged bool) {
	f, l := k.flow, k.flow.lane
	l.waiting = slices.Delete(l.waiting, slices.Index(l.waiting, k), slices.Index(l.waiting, k)+1)
	if len(l.running) == 0 {
		l.adaptive.begin(now, l.moved.Load())
	}
	l.running = append(l.running, k)
	c.takeOff(now, k)
	k.granted, k.aged = now, aged
	f.running++
	f.job.running++
	c.granted++
	l.choice.made(f.job, k.bytes, aged)
	close(k.ready)
}

// settle hands out slots.
func (e *endpoint) settle(c *core, now time.Time, w *alarm) {
	for d := range e.lanes {
		l := &e.lanes[d]
		l.stop(c, now, w)
		l.hold(c, now, w)
	}
	if now.Before(e.until) {
		if len(e.lanes[Read].waiting)+len(e.lanes[Write].waiting) > 0 {
			w.ring(e.until)
		}
		return
	}
	for _, l := range e.inTurn() {
		for l.serve(c, now, w) {
		}
		l.slow(now)
		if len(l.waiting) > 0 && len(c.limits)+len(c.own) > 0 {
			w.ring(now.Add(lookEvery)) // what moves makes room, and what hangs
		}
	}
}

// inTurn puts the lane first whose part has come first, where both share the
// endpoint's connections.
func (e *endpoint) inTurn() [2]*lane {
	r, w := &e.lanes[Read], &e.lanes[Write]
	if e.most > 0 && len(r.waiting) > 0 && len(w.waiting) > 0 && w.first().beats(r.first()) {
		return [2]*lane{w, r}
	}
	return [2]*lane{r, w}
}

// first is the claim of the highest priority that came first.
func (l *lane) first() *claim {
	return slices.MinFunc(l.waiting, func(a, b *claim) int {
		if a.beats(b) {
			return -1
		}
		return 1
	})
}

func (k *claim) beats(other *claim) bool {
	if k.job.level != other.job.level {
		return k.job.level > other.job.level
	}
	return k.order < other.order
}

// serve grants one slot, if it can.
func (l *lane) serve(c *core, now time.Time, w *alarm) bool {
	i, aged := l.choice.best(c, now, len(l.waiting), func(i int) (wish, bool) {
		k := l.waiting[i]
		return k.wish, !k.held && c.full(k) == nil
	})
	if i < 0 {
		return false
	}
	k := l.waiting[i]
	if l.free(c, k) {
		c.grant(now, k, aged)
		return true
	}
	l.adaptive.full = true
	if aged { // age takes nothing away from others
		if k = l.pressing(c); k == nil {
			return false
		}
	}
	if k.job.level < Urgent {
		return l.overtake(c, now, k)
	}
	return l.force(c, now, k, w)
}

// pressing finds the claim of the highest priority that may move and that may take a
// slot from others; nil if there is none.
func (l *lane) pressing(c *core) (first *claim) {
	for _, k := range l.waiting {
		if !k.held && k.job.level >= High && (first == nil || k.beats(first)) && c.full(k) == nil {
			first = k
		}
	}
	return first
}
