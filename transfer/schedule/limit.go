package schedule

import (
	"cmp"
	"slices"
	"time"

	"gantry/connectors/wrap/throttle"
)

// limit is a timetable of a scope, and a gate for each direction.
type limit struct {
	scope Scope
	table throttle.Timetable
	now   throttle.Rate
	next  time.Time // when that changes
	gates [2]gate

	flying flying
}

func (l *limit) rate(d Direction) int64 {
	if d == Read {
		return l.now.Down
	}
	return l.now.Up
}

func (l *limit) set(now time.Time, t throttle.Timetable) {
	l.table = t
	l.turn(now)
}

// crawl is what a part has that cannot be stopped where nothing should move, in bytes/s.
const crawl = 1

// turn takes the rates of now.
func (l *limit) turn(now time.Time) {
	l.now, l.next = l.table.At(now), l.table.Next(now)
	for d := range l.gates {
		rate := l.rate(Direction(d))
		if rate == throttle.Stop {
			rate = crawl
		}
		l.gates[d].set(now, rate)
	}
}

func (l *limit) forget(j *job) {
	for d := range l.gates {
		l.gates[d].choice.shares.forget(j)
	}
}

// limitScope sets or, by an unlimited timetable, lifts a limit.
func (c *core) limitScope(now time.Time, s Scope, t throttle.Timetable) {
	l := c.limits[s]
	if l == nil {
		if t.Unlimited() {
			return
		}
		l = &limit{scope: s}
		c.limits[s] = l
	}
	l.set(now, t)
	c.join()
}

func (c *core) limitJob(now time.Time, j *job, t throttle.Timetable) {
	if j.limit == nil {
		j.limit = &limit{scope: Scope{"job", j.work.Job}}
		c.own = append(c.own, j.limit)
	}
	j.limit.set(now, t)
	c.join()
}

// all lists the limits in a fixed order.
func (c *core) all() []*limit {
	list := slices.Clone(c.own)
	for _, l := range c.limits {
		list = append(list, l)
	}
	slices.SortFunc(list[len(c.own):], func(a, b *limit) int { return compareScopes(a.scope, b.scope) })
	return list
}

func compareScopes(a, b Scope) int {
	return cmp.Or(cmp.Compare(a.kind, b.kind), cmp.Compare(a.name, b.name))
}

func (c *core) turnLimits(now time.Time, w *alarm) {
	for _, l := range c.all() {
		if !l.next.IsZero() && !now.Before(l.next) {
			l.turn(now)
		}
		w.ring(l.next)
	}
}

// limitsOf are those that hold for a flow, the narrowest first.
func (c *core) limitsOf(f *flow) (list []*limit) {
	if len(c.limits) == 0 && f.job.limit == nil {
		return nil
	}
	scopes := []Scope{OfRoute(f.job.work.Route), OfSite(f.job.work.Site), OfEndpoint(f.endpoint.name)}
	if f.near {
		scopes = scopes[2:]
	} else if f.job.limit != nil {
		list = append(list, f.job.limit)
	}
	for _, s := range scopes {
		if l := c.limits[s]; l != nil {
			list = append(list, l)
		}
	}
	return list
}

// share is the rate that is left to a part that moves by itself: an equal part of each
// limit; 0 = there is none.
func (c *core) share(k *claim) (share int64) {
	d := k.flow.lane.direction
	for _, l := range c.limitsOf(k.flow) {
		rate, parts := l.gates[d].rate, int64(0)
		for _, e := range c.list {
			for _, other := range e.lanes[d].running {
				if slices.Contains(other.limits, l) {
					parts++
				}
			}
		}
		if rate = rate / max(1, parts); l.gates[d].rate > 0 && (share == 0 || rate < share) {
			share = max(1, rate)
		}
	}
	return share
}

// gatesOf are those that a part has to pass.
func (c *core) gatesOf(k *claim) (list []*gate) {
	l := k.flow.lane
	if l.brake.rate > 0 && k.job.level < Urgent {
		list = append(list, &l.brake)
	}
	for _, limit := range c.limitsOf(k.flow) {
		if g := &limit.gates[l.direction]; g.rate > 0 {
			list = append(list, g)
		}
	}
	return list
}

// countLimits says how many gates there are that limit anything.
func (c *core) countLimits() {
	c.limited = 0
	c.eachGate(func(g *gate) {
		if g.rate > 0 {
			c.limited++
		}
	})
}

func (c *core) serveGates(now time.Time, w *alarm) {
	c.eachGate(func(g *gate) {
		if len(g.asks) > 0 {
			w.ring(g.serve(c, now))
		}
	})
}

func (c *core) eachGate(do func(*gate)) {
	for _, l := range c.all() {
		for d := range l.gates {
			do(&l.gates[d])
		}
	}
	for _, e := range c.list {
		for d := range e.lanes {
			do(&e.lanes[d].brake)
		}
	}
}
