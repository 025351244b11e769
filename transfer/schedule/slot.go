package schedule

import (
	"context"
	"sync"
	"time"
)

// A Slot is leave to move one part. It is for use by one goroutine at a time, but
// for Release, which may come from any.
type Slot struct {
	s      *Scheduler
	claim  *claim
	ctx    context.Context //nolint:containedctx // ends with the slot
	cancel context.CancelCauseFunc
	once   sync.Once
}

// Context ends with the one that the slot was acquired with, or with ErrPreempted or
// ErrHeld. It ends with Release too.
func (s *Slot) Context() context.Context { return s.ctx }

// Step is how many bytes to pass at a time, so that they move evenly.
func (s *Slot) Step() int {
	step := 1 << 20
	if s.s.limited.Load() {
		s.s.mu.Lock()
		defer s.s.mu.Unlock()
		for _, g := range s.s.core.gatesOf(s.claim) {
			step = min(step, g.step())
		}
	}
	return step
}

// Pass counts n more bytes, and waits until they may move within all limits that
// hold for the job, its site, its route and the endpoint. Waiting here is no fault
// of the place. It fails with the cause of the slot's context.
func (s *Slot) Pass(n int) error {
	for n > 0 && s.s.limited.Load() {
		passed, err := s.pass(n)
		if err != nil {
			return err
		}
		s.count(passed)
		n -= passed
	}
	s.count(n)
	return context.Cause(s.ctx)
}

// Share is the rate, in bytes/s, that is left to what moves by itself and does not ask
// by Pass; 0 = there is no limit. It changes with the limits and with what else moves.
func (s *Slot) Share() int64 {
	s.s.mu.Lock()
	defer s.s.mu.Unlock()
	return s.s.core.share(s.claim)
}

// Moved counts bytes that have moved by themselves. What else is within the same limits
// has so much less.
func (s *Slot) Moved(n int) {
	s.s.do(func(now time.Time) {
		for _, g := range s.s.core.gatesOf(s.claim) {
			g.fill(now)
			g.tokens = max(g.tokens-float64(n), -float64(g.rate))
		}
	})
	s.count(n)
}

func (s *Slot) count(n int) {
	s.claim.moved.Add(int64(n))
	s.claim.flow.moved.Add(int64(n))
	s.claim.flow.lane.moved.Add(int64(n))
}

// pass brings some of n through all gates, one after the other.
func (s *Slot) pass(n int) (int, error) {
	n = min(n, s.Step())
	s.s.mu.Lock()
	gates := s.s.core.gatesOf(s.claim)
	s.s.mu.Unlock()
	for _, g := range gates {
		if err := s.through(g, n); err != nil {
			return 0, err
		}
	}
	return n, nil
}

func (s *Slot) through(g *gate, n int) error {
	a := &ask{bytes: n, passed: make(chan struct{})}
	s.s.do(func(now time.Time) {
		a.wish = wish{s.claim.job, now, s.s.core.next()}
		g.asks = append(g.asks, a)
		s.claim.asking++
	})
	var err error
	select {
	case <-a.passed:
	case <-s.ctx.Done():
		err = context.Cause(s.ctx)
	}
	s.s.mu.Lock()
	defer s.s.mu.Unlock()
	g.drop(a)
	s.claim.asking--
	return err
}

// Release gives the slot back, and tells how it went: nil, or the error of the place
// as it came, by which the endpoint's limit is found. Only its first call counts.
func (s *Slot) Release(err error) {
	s.once.Do(func() {
		s.s.do(func(now time.Time) { s.s.core.release(now, s.claim, err) })
		s.cancel(nil)
	})
}
