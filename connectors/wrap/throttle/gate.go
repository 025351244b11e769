package throttle

import (
	"context"
	"math"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// A gate lets so much through a second, in the order of asking.
type gate struct {
	now   func() time.Time
	after func(time.Duration) (<-chan time.Time, func())

	mu      sync.Mutex
	limiter *rate.Limiter // nil = no limit
	most    int           // at a time
	changed chan struct{} // closed when the limit changes
}

func newGate(now func() time.Time, after func(time.Duration) (<-chan time.Time, func())) *gate {
	return &gate{now: now, after: after, changed: make(chan struct{})}
}

func after(d time.Duration) (<-chan time.Time, func()) {
	t := time.NewTimer(d)
	return t.C, func() { t.Stop() }
}

// set starts anew: what was promised under the old limit is forgotten, and who
// waits asks again.
func (g *gate) set(limit rate.Limit, most int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.most, g.limiter = math.MaxInt, nil
	if limit > 0 {
		g.most, g.limiter = most, rate.NewLimiter(limit, most)
	}
	close(g.changed)
	g.changed = make(chan struct{})
}

func (g *gate) get() rate.Limit {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.limiter == nil {
		return 0
	}
	return g.limiter.Limit()
}

func (g *gate) step() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.most
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
	limiter, changed := g.limiter, g.changed
	n = min(n, g.most)
	g.mu.Unlock()
	if limiter == nil {
		return n, nil
	}
	now := g.now()
	turn := limiter.ReserveN(now, n)
	wait := turn.DelayFrom(now)
	if wait == 0 {
		return n, nil
	}
	over, stop := g.after(wait)
	defer stop()
	select {
	case <-over:
		return n, nil
	case <-changed:
		return 0, nil
	case <-ctx.Done():
		turn.CancelAt(g.now())
		return 0, ctx.Err()
	}
}
