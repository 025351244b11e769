package schedule

import (
	"slices"
	"time"
)

// flying is the bytes that parts under way still have to move within a limit, by
// direction and priority. Parts of places that hang keep nobody waiting, nor do whole
// files that move by themselves.
type flying [2][Urgent - Bulk + 1]int64

const (
	worth = 1               // seconds of a limited rate that are under way at once: more parts would only each take longer, the first one too
	still = 2 * time.Second // a part that has not moved for so long, and does not wait for a limit, hangs
)

// ahead is what goes before another part of a priority, or together with it.
func (f *flying) ahead(d Direction, p Priority) (bytes int64) {
	for _, n := range f[d][min(max(p, Bulk), Urgent)-Bulk:] {
		bytes += n
	}
	return bytes
}

func (f *flying) add(k *claim) {
	if !k.flow.whole {
		f[k.flow.lane.direction][min(max(k.job.level, Bulk), Urgent)-Bulk] += max(0, k.bytes-k.moved.Load())
	}
}

// full gives the limit that has so much under way already, of the same priority or of
// higher ones, that another part would have to wait for the others; nil if there is
// none. Urgent ones need not wait, nor does the only part at an endpoint.
func (c *core) full(k *claim) *limit {
	if k.job.level >= Urgent {
		return nil
	}
	d := k.flow.lane.direction
	for _, l := range c.limitsOf(k.flow) {
		if rate := l.rate(d); rate > 0 && l.flying.ahead(d, k.job.level) >= worth*rate && k.flow.lane.flies(l, k.job.level) {
			return l
		}
	}
	return nil
}

// flies tells whether a part of that priority or a higher one is under way in the lane
// within a limit.
func (l *lane) flies(within *limit, p Priority) bool {
	return slices.ContainsFunc(l.running, func(r *claim) bool {
		return !r.dying && r.job.level >= p && slices.Contains(r.limits, within)
	})
}

// takeOff counts a part that gets its slot, until it lands.
func (c *core) takeOff(now time.Time, k *claim) {
	k.seen, k.stood = k.moved.Load(), now
	k.limits = c.limitsOf(k.flow)
	for _, l := range k.limits {
		l.flying.add(k)
	}
}

// join lets parts that are under way count in limits that have come since.
func (c *core) join() {
	c.eachRunning(func(k *claim) { k.limits = c.limitsOf(k.flow) })
}

// countFlying counts anew what is under way within each limit: it gets less with each
// byte.
func (c *core) countFlying(now time.Time) {
	if len(c.limits)+len(c.own) == 0 {
		return
	}
	for _, l := range c.limits {
		l.flying = flying{}
	}
	for _, l := range c.own {
		l.flying = flying{}
	}
	c.eachRunning(func(k *claim) {
		if k.hangs(now) || k.dying {
			return
		}
		for _, l := range k.limits {
			l.flying.add(k)
		}
	})
}

func (c *core) eachRunning(do func(*claim)) {
	for _, e := range c.list {
		for d := range e.lanes {
			for _, k := range e.lanes[d].running {
				do(k)
			}
		}
	}
}

// hangs tells whether a part that has its slot stands still, though no limit lets it
// wait. It has to be asked again and again.
func (k *claim) hangs(now time.Time) bool {
	if moved := k.moved.Load(); moved != k.seen || k.asking > 0 {
		k.seen, k.stood = moved, now
	}
	return now.Sub(k.stood) >= still
}

// tooLong is what a part of high priority need not wait for where a limit makes parts
// of lower ones slow.
const tooLong = 5 * time.Second

// overtake finds a slot for the first part of a job of high priority though none is
// free: that of a part of lower priority that a limit makes take long. A job that has
// lost several parts in a row keeps the next one.
func (l *lane) overtake(c *core, now time.Time, k *claim) bool {
	if k.job.level < High || k.flow.running > 0 {
		return false
	}
	v := l.victim(k)
	if v == nil || v.spared() || !v.limited() || v.doneBy(now, now.Add(tooLong)) {
		return false
	}
	l.took = now
	c.preempted++
	v.take(ErrPreempted)
	c.grant(now, k, false)
	return true
}

// limited tells whether a limit lets the part move at a rate only.
func (k *claim) limited() bool {
	return slices.ContainsFunc(k.limits, func(l *limit) bool { return l.rate(k.flow.lane.direction) > 0 })
}
