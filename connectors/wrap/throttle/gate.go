package throttle

import (
	"context"
	"math"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"gantry/connectors"
)

// A gate lets so much through a second, in the order of asking.
type gate struct {
	now   func() time.Time
	step  func(rate.Limit) int // how much goes at a time
	after func(time.Duration) (<-chan time.Time, func())

	mu      sync.Mutex
	table   func(time.Time) (rate.Limit, time.Time) // nil = the limit does not change by itself
	next    time.Time                               // when the table is looked at again; zero = never
	stopped bool                                    // nothing goes
	limiter *rate.Limiter                           // nil = no limit
	most    int                                     // at a time
	changed chan struct{}                           // closed when the limit changes
}

func newGate(step func(rate.Limit) int, now func() time.Time, after func(time.Duration) (<-chan time.Time, func())) *gate {
	return &gate{step: step, now: now, after: after, changed: make(chan struct{})}
}

func after(d time.Duration) (<-chan time.Time, func()) {
	t := time.NewTimer(d)
	return t.C, func() { t.Stop() }
}

// set starts anew: what was promised under the old limit is forgotten, and who
// waits asks again.
func (g *gate) set(limit rate.Limit) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.table, g.next = nil, time.Time{}
	g.apply(limit)
}

// follow takes the limit from a table, from now on.
func (g *gate) follow(table func(time.Time) (rate.Limit, time.Time)) {
	g.mu.Lock()
	defer g.mu.Unlock()
	var limit rate.Limit
	g.table = table
	limit, g.next = table(g.now())
	g.apply(limit)
}

// refresh needs the lock. The table is consulted when its time has come, rather
// than by a timer, which nobody would stop.
func (g *gate) refresh() {
	now := g.now()
	if g.next.IsZero() || now.Before(g.next) {
		return
	}
	var limit rate.Limit
	limit, g.next = g.table(now)
	g.apply(limit)
}

// apply needs the lock.
func (g *gate) apply(limit rate.Limit) {
	g.most, g.limiter, g.stopped = math.MaxInt, nil, limit < 0
	if limit > 0 {
		g.most = g.step(limit)
		g.limiter = rate.NewLimiter(limit, g.most)
	}
	close(g.changed)
	g.changed = make(chan struct{})
}

// get tells the limit: zero is none, below zero nothing goes.
func (g *gate) get() rate.Limit {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.refresh()
	switch {
	case g.stopped:
		return rate.Limit(Stop)
	case g.limiter == nil:
		return 0
	default:
		return g.limiter.Limit()
	}
}

// turns is when the limit changes by itself; zero is never.
func (g *gate) turns() time.Time {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.refresh()
	return g.next
}

func (g *gate) atATime() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.refresh()
	return g.most
}

// opens waits until something may go.
func (g *gate) opens(ctx context.Context) error {
	for g.get() < 0 {
		if _, err := g.passSome(ctx, 0); err != nil {
			return err
		}
	}
	return ctx.Err()
}

// pass waits until n may go.
func (g *gate) pass(ctx context.Context, n int) error {
	for n > 0 {
		if err := ctx.Err(); err != nil {
			return err
		}
		passed, err := g.passSome(ctx, n)
		if err != nil {
			return err
		}
		n -= passed
	}
	return nil
}

// passSome waits for as much of n as goes at a time. Nothing has passed when the
// limit was changed meanwhile.
func (g *gate) passSome(ctx context.Context, n int) (int, error) {
	g.mu.Lock()
	g.refresh()
	limiter, changed, next, stopped := g.limiter, g.changed, g.next, g.stopped
	n = min(n, g.most)
	g.mu.Unlock()
	if limiter == nil && !stopped {
		return n, nil
	}
	now := g.now()
	wait := time.Duration(math.MaxInt64)
	var turn *rate.Reservation
	if !stopped {
		turn = limiter.ReserveN(now, n)
		wait = turn.DelayFrom(now)
	}
	if wait == 0 {
		return n, nil
	}
	if until := next.Sub(now); !next.IsZero() && until < wait {
		wait, n = until, 0
	}
	if wait == math.MaxInt64 {
		wait = 24 * time.Hour // until somebody changes it
		n = 0
	}
	defer connectors.Waits(ctx)()
	over, stop := g.after(wait)
	defer stop()
	select {
	case <-over:
		return n, nil
	case <-changed:
		return 0, nil
	case <-ctx.Done():
		if turn != nil {
			turn.CancelAt(g.now())
		}
		return 0, ctx.Err()
	}
}
