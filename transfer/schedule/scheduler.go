package schedule

import (
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"gantry/connectors/wrap/throttle"
)

// Options of a Scheduler; the zero value serves.
type Options struct {
	Slots int           // parts in flight at one endpoint and direction, at most; 0 = 64, of which large ones are as many as bring something
	Jobs  int           // jobs under way at once, of all priorities; 0 = 64
	Age   time.Duration // how long one waits until higher ones have to let it go before now and then; 0 = 10 s
	Now   func() time.Time
}

// ErrPreempted is the cause with which a slot's context ends when a job of a higher
// priority needs it. The part has to be moved again, in another slot.
var ErrPreempted = errors.New("a job of a higher priority takes the slot")

// ErrHeld is the cause with which a slot's context ends, and what Acquire fails with
// after a while, when the job was paused or a limit lets nothing move. The part has
// to be moved again, in another slot, once Flow.Ready has returned.
var ErrHeld = errors.New("the job is held")

// A Scheduler hands out slots.
type Scheduler struct {
	now     func() time.Time
	limited atomic.Bool // something is slowed down somewhere

	mu    sync.Mutex
	core  *core
	timer *time.Timer
	wake  time.Time
	news  chan struct{} // closed when something has changed
}

// New makes a scheduler. It is for use by many goroutines.
func New(o Options) *Scheduler {
	if o.Slots < 1 {
		o.Slots = 64
	}
	if o.Jobs < 1 {
		o.Jobs = 64
	}
	if o.Age <= 0 {
		o.Age = 10 * time.Second
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return &Scheduler{now: o.Now, core: newCore(o), news: make(chan struct{})}
}

// Enter puts a job into the line. The caller begins the ticket, and leaves with it.
func (s *Scheduler) Enter(w Work) *Ticket {
	t := &Ticket{s: s}
	s.do(func(now time.Time) { t.job = s.core.enter(now, w) })
	return t
}

// Limit sets the bandwidth of a scope from now on, also for what is under way. It
// replaces an earlier one; the zero Timetable lifts it.
func (s *Scheduler) Limit(scope Scope, t throttle.Timetable) {
	s.do(func(now time.Time) {
		s.core.limitScope(now, scope, t)
		s.tell()
	})
}

// do lets something happen, and what follows from it.
func (s *Scheduler) do(happen func(now time.Time)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now()
	happen(now)
	s.settle(now)
}

// settle needs the lock.
func (s *Scheduler) settle(now time.Time) {
	next := s.core.settle(now)
	s.limited.Store(s.core.limited > 0)
	if next.IsZero() || next.Equal(s.wake) {
		return
	}
	if !s.wake.IsZero() && s.wake.After(now) && !next.Before(s.wake) {
		return // the timer comes earlier, and looks again
	}
	s.wake = next
	if s.timer == nil {
		s.timer = time.AfterFunc(next.Sub(now), s.tick)
		return
	}
	s.timer.Reset(next.Sub(now))
}

func (s *Scheduler) tick() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.wake = time.Time{}
	s.settle(s.now())
}

// tell wakes those who wait for something to change; it needs the lock.
func (s *Scheduler) tell() {
	close(s.news)
	s.news = make(chan struct{})
}
