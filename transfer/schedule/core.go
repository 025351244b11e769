package schedule

import (
	"errors"
	"slices"
	"time"

	"gantry/connectors"
	"gantry/connectors/wrap/throttle"
)

// core decides. It has no clock and no goroutines: each call tells it what happened
// and when, settle then does all that follows, and tells the jobs and parts that are
// concerned. Equal calls have equal outcomes.
type core struct {
	o         Options
	order     int64 // of what has arrived
	jobs      map[*job]struct{}
	pressed   []*job // those with a deadline
	looked    time.Time
	line      line
	endpoints map[string]*endpoint
	list      []*endpoint // in order of their first use
	limits    map[Scope]*limit
	own       []*limit // of jobs
	limited   int      // gates that limit something now
	granted   int64
	preempted int64
}

// job is one that was let in or waits for it.
type job struct {
	work    Work
	order   int64
	level   Priority // now
	entered time.Time
	begun   bool
	left    bool
	paused  bool
	since   time.Time     // of the pause
	begin   chan struct{} // closed when it may
	flows   []*flow
	limit   *limit // its own; may be nil
	running int    // slots
	note    []string

	looked time.Time
	seen   int64
	rate   float64 // bytes/s
}

func newCore(o Options) *core {
	return &core{o: o, jobs: map[*job]struct{}{}, endpoints: map[string]*endpoint{}, limits: map[Scope]*limit{}}
}

func (c *core) next() int64 {
	c.order++
	return c.order
}

// enter puts a job into the line of those that want to begin.
func (c *core) enter(now time.Time, w Work) *job {
	j := &job{work: w, order: c.next(), entered: now, begin: make(chan struct{}), level: w.Priority}
	c.jobs[j] = struct{}{}
	c.line.waiting, c.line.same = append(c.line.waiting, j), false
	c.press(now, j)
	return j
}

// press keeps the list of the jobs whose priority depends on the time.
func (c *core) press(now time.Time, j *job) {
	if i := slices.Index(c.pressed, j); i >= 0 {
		c.pressed = slices.Delete(c.pressed, i, i+1)
	}
	if !j.work.Deadline.IsZero() && !j.left {
		c.pressed = append(c.pressed, j)
	}
	j.look(now)
}

func (c *core) leave(now time.Time, j *job) {
	if j.left {
		return
	}
	j.left = true
	delete(c.jobs, j)
	c.press(now, j)
	c.line.leave(j)
	for _, e := range c.list {
		for d := range e.lanes {
			e.lanes[d].choice.shares.forget(j)
			e.lanes[d].brake.choice.shares.forget(j)
		}
	}
	for _, l := range c.limits {
		l.forget(j)
	}
	c.own = slices.DeleteFunc(c.own, func(l *limit) bool { return l == j.limit })
}

func (c *core) change(now time.Time, j *job, change Change) {
	if change.Priority != nil {
		j.work.Priority = *change.Priority
	}
	if change.Deadline != nil {
		j.work.Deadline = *change.Deadline
	}
	if change.Paused != nil && *change.Paused != j.paused {
		j.paused, j.since = *change.Paused, now
	}
	if change.Limit != nil {
		c.limitJob(now, j, *change.Limit)
	}
	c.line.same = false
	c.press(now, j)
}

// settle does what follows from all that happened. It says when it has to be called
// again though nothing happens; zero if never.
func (c *core) settle(now time.Time) (again time.Time) {
	w := &alarm{}
	c.lookAll(now, w)
	c.turnLimits(now, w)
	c.countFlying(now)
	c.line.admit(c, now)
	for _, e := range c.list {
		e.settle(c, now, w)
	}
	c.countLimits()
	c.serveGates(now, w)
	return w.at
}

// lookEvery is how often deadlines are compared with progress.
const lookEvery = time.Second

func (c *core) lookAll(now time.Time, w *alarm) {
	if len(c.pressed) == 0 {
		return
	}
	if now.Sub(c.looked) >= lookEvery || now.Before(c.looked) {
		c.looked = now
		for _, j := range c.pressed {
			j.look(now)
		}
		c.line.same = false
	}
	w.ring(c.looked.Add(lookEvery))
}

// An alarm remembers the earliest time.
type alarm struct{ at time.Time }

func (a *alarm) ring(at time.Time) {
	if !at.IsZero() && (a.at.IsZero() || at.Before(a.at)) {
		a.at = at
	}
}

// open gives the flow of a job in a lane, which is one and the same however often it
// is opened.
func (c *core) open(j *job, e Endpoint) *flow {
	p := c.endpoints[e.Name]
	if p == nil {
		p = newEndpoint(e.Name)
		c.endpoints[e.Name] = p
		c.list = append(c.list, p)
	}
	if e.Most > 0 {
		p.most = e.Most
	}
	l, near := &p.lanes[e.Direction], e.Near
	l.adaptive.start(e.Start)
	for _, f := range j.flows {
		if f.lane == l && f.whole == e.Whole && f.near == near {
			return f
		}
	}
	f := &flow{job: j, endpoint: p, lane: l, whole: e.Whole, near: near}
	j.flows = append(j.flows, f)
	return f
}

// told is what a place has said of itself by the way a part ended.
func (c *core) told(now time.Time, e *endpoint, l *lane, err error) {
	var said *connectors.Error
	if errors.As(err, &said) && said.After > 0 {
		e.until = later(e.until, now.Add(min(said.After, longestAsk)))
	}
	switch connectors.KindOf(err) {
	case connectors.KindBusy:
		l.adaptive.backOff(now, true)
	case connectors.KindUnavailable, connectors.KindTimeout:
		l.adaptive.backOff(now, false)
	}
}

// longestAsk is how long a place may make us wait by its own word.
const longestAsk = 10 * time.Minute

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// stopped tells whether a limit lets nothing of the flow move now.
func (c *core) stopped(f *flow) *limit {
	for _, l := range c.limitsOf(f) {
		if l.rate(f.lane.direction) == throttle.Stop {
			return l
		}
	}
	return nil
}
