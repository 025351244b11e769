package schedule

import (
	"context"
	"errors"
	"sync"
	"time"
)

// Options of a Scheduler; the zero value serves.
type Options struct {
	Slots int // parts in flight at one endpoint, at most; 0 = 16
	Now   func() time.Time
}

// A Scheduler hands out slots.
type Scheduler struct {
	o Options

	mu        sync.Mutex
	endpoints map[string]chan struct{} // tokens in use
}

// New makes a scheduler.
func New(o Options) *Scheduler {
	if o.Slots < 1 {
		o.Slots = 16
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return &Scheduler{o: o, endpoints: map[string]chan struct{}{}}
}

// Work is what a job tells of itself.
type Work struct {
	Job      string
	Site     string    // whose work it is; sites share fairly
	Priority Priority  // as ordered
	Deadline time.Time // when it must be done, as the air date of a programme; zero = none
	Size     int64     // bytes in all; -1 = not known yet
}

// Enter lets a job in, once it is its turn to begin.
func (s *Scheduler) Enter(_ context.Context, w Work) (*Ticket, error) {
	return &Ticket{s: s, work: w}, nil
}

// A Ticket is a job that is under way.
type Ticket struct {
	s    *Scheduler
	work Work
}

// Leave ends the job's part in the scheduling.
func (t *Ticket) Leave() {}

// Flow is what the job moves to or from one endpoint. most is how many parts at once
// the endpoint can make use of; 0 = not known.
func (t *Ticket) Flow(endpoint string, most int) *Flow {
	t.s.mu.Lock()
	defer t.s.mu.Unlock()
	slots := t.s.endpoints[endpoint]
	if slots == nil {
		slots = make(chan struct{}, t.s.o.Slots)
		t.s.endpoints[endpoint] = slots
	}
	return &Flow{slots: slots}
}

// A Flow is the parts of one job at one endpoint.
type Flow struct{ slots chan struct{} }

// Acquire waits for a slot for a part of so many bytes.
func (f *Flow) Acquire(ctx context.Context, bytes int64) (*Slot, error) {
	select {
	case f.slots <- struct{}{}:
		return &Slot{f: f, ctx: ctx}, nil
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

// ErrPreempted is the cause with which a slot's context ends when a job of a higher
// priority needs it. The part has to be moved again, in another slot.
var ErrPreempted = errors.New("a job of a higher priority takes the slot")

// A Slot is leave to move one part.
type Slot struct {
	f   *Flow
	ctx context.Context //nolint:containedctx // ends with the slot
}

// Context ends with the one that the slot was acquired with, or with ErrPreempted.
func (s *Slot) Context() context.Context { return s.ctx }

// Pass waits until n more bytes may move, within all limits that hold for the job,
// its site and the endpoint.
func (s *Slot) Pass(n int) error { return context.Cause(s.ctx) }

// Release gives the slot back, and tells how it went: the bytes that moved, and the
// error if there was one.
func (s *Slot) Release(moved int64, err error) { <-s.f.slots }
