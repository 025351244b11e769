package schedule

import (
	"context"
	"time"
)

// A Flow is the parts of one job at one endpoint, in one direction. It is for use by
// many goroutines.
type Flow struct {
	s    *Scheduler
	flow *flow
}

// Acquire waits for a slot for a part of so many bytes. It fails with the cause of
// ctx, or with ErrHeld when the job is held for longer than a few seconds: the
// caller then gives back what it has, and comes again after Ready.
func (f *Flow) Acquire(ctx context.Context, bytes int64) (*Slot, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	var k *claim
	f.s.do(func(now time.Time) { k = f.s.core.request(now, f.flow, bytes, cancel) })
	select {
	case <-k.ready:
	case <-ctx.Done():
		f.s.do(func(now time.Time) { f.s.core.withdraw(now, k) })
		cancel(nil)
		return nil, context.Cause(ctx)
	}
	if k.err != nil {
		cancel(nil)
		return nil, k.err
	}
	return &Slot{s: f.s, claim: k, ctx: ctx, cancel: cancel}, nil
}

// Ready waits until the job is not held: not paused, and no limit lets nothing move.
func (f *Flow) Ready(ctx context.Context) error {
	for {
		f.s.mu.Lock()
		news, next := f.s.news, time.Time{}
		held := f.flow.job.paused
		if l := f.s.core.stopped(f.flow); l != nil {
			held, next = true, l.next
			f.flow.used = true // so that it is told what the job waits for
		}
		now := f.s.now()
		f.s.mu.Unlock()
		if !held {
			return nil
		}
		if err := wait(ctx, news, now, next); err != nil {
			return err
		}
	}
}

// Held tells whether the job is held now: Ready would wait.
func (f *Flow) Held() bool {
	f.s.mu.Lock()
	defer f.s.mu.Unlock()
	return f.flow.job.paused || f.s.core.stopped(f.flow) != nil
}

// wait ends with news, at a time unless it is zero, or with an error.
func wait(ctx context.Context, news <-chan struct{}, now, at time.Time) error {
	var over <-chan time.Time
	if !at.IsZero() {
		timer := time.NewTimer(at.Sub(now))
		defer timer.Stop()
		over = timer.C
	}
	select {
	case <-news:
		return nil
	case <-over:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// Limit is the lowest limit, in bytes/s, that holds for the flow now; 0 = there is none.
func (f *Flow) Limit() (lowest int64) {
	f.s.mu.Lock()
	defer f.s.mu.Unlock()
	for _, l := range f.s.core.limitsOf(f.flow) {
		if rate := l.rate(f.flow.lane.direction); rate > 0 && (lowest == 0 || rate < lowest) {
			lowest = rate
		}
	}
	return lowest
}

// Rate is the bytes a second that the endpoint was seen to move in this direction,
// all jobs together; 0 = not known yet.
func (f *Flow) Rate() float64 {
	f.s.mu.Lock()
	defer f.s.mu.Unlock()
	return f.flow.lane.adaptive.rate
}
