package schedule

import (
	"context"
	"time"
)

// A Ticket is a job that waits or is under way. Its methods are for use by many
// goroutines.
type Ticket struct {
	s   *Scheduler
	job *job
}

// Begin waits until it is the job's turn. Many may wait, cheaply.
func (t *Ticket) Begin(ctx context.Context) error {
	select {
	case <-t.job.begin:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// Leave ends the job's part in the scheduling. It may be called more than once.
func (t *Ticket) Leave() {
	t.s.do(func(now time.Time) { t.s.core.leave(now, t.job) })
}

// Change changes the job from now on, also what is under way of it.
func (t *Ticket) Change(c Change) {
	t.s.do(func(now time.Time) {
		t.s.core.change(now, t.job, c)
		t.s.tell()
	})
}

// Know tells the size of the job, once it is known.
func (t *Ticket) Know(size int64) {
	t.s.mu.Lock()
	defer t.s.mu.Unlock()
	t.job.work.Size = size
}

// Level is the job's priority now: as ordered, or raised by its deadline.
func (t *Ticket) Level() Priority {
	t.s.mu.Lock()
	defer t.s.mu.Unlock()
	return t.job.level
}

// Note says what the job waits for outside of the scheduler, until over is called.
func (t *Ticket) Note(reason string) (over func()) {
	t.s.mu.Lock()
	defer t.s.mu.Unlock()
	t.job.note = append(t.job.note, reason)
	return func() {
		t.s.mu.Lock()
		defer t.s.mu.Unlock()
		for i, n := range t.job.note {
			if n == reason {
				t.job.note = append(t.job.note[:i], t.job.note[i+1:]...)
				return
			}
		}
	}
}

// Flow opens what the job moves at an endpoint.
func (t *Ticket) Flow(e Endpoint) *Flow {
	t.s.mu.Lock()
	defer t.s.mu.Unlock()
	return &Flow{s: t.s, flow: t.s.core.open(t.job, e)}
}
