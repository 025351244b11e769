package transfer

import (
	"context"
	"errors"
	"sync"
	"time"

	"gantry/transfer/pace"
	"gantry/transfer/schedule"
)

// ErrGivenUp is the cause with which a job's context ends, and the error of its Run,
// when nobody wants it any more. A caller may end the context of Run with it, too.
var ErrGivenUp = errors.New("the transfer was cancelled")

var (
	// errPaused ends what is under way of a job that is paused.
	errPaused = errors.New("the transfer is paused")
	// errParked ends a run that has been paused for long.
	errParked = errors.New("the transfer is paused, and gives back what it holds")
)

// parkAfter is how long a job that is paused keeps its memory and its connections.
// After that others get them; to go on, it reads again what it had read.
const parkAfter = time.Minute

// A control is the grip on a job that runs. Its methods may be called at once from many
// goroutines; those that runs call do nothing on a nil one.
type control struct {
	e      *Engine
	job    Job
	ticket *schedule.Ticket

	mu       sync.Mutex
	now      Change
	going    map[*context.CancelCauseFunc]struct{} // ends what is under way
	cutShort bool                                  // what begins has ended
	gate     chan struct{}                         // closed when the job goes on; nil while it does
	since    time.Time                             // of the pause
	finish   context.CancelCauseFunc
	run      *run    // nil before it has begun to copy
	packed   *packed // nil unless the source was packed
	given    bool    // nobody wants the job any more
	closed   bool    // its last run has ended

	meter   pace.Meter
	shown   shown
	counted counted
}

func newControl(e *Engine, j Job, c Change) *control {
	control := &control{e: e, job: j, ticket: e.queue(c.apply(j))}
	if !j.Limit.Unlimited() {
		control.ticket.Change(schedule.Change{Limit: &j.Limit})
	}
	control.change(c)
	return control
}

// change puts a change into force.
func (c *control) change(to Change) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.now = to; to != (Change{}) {
		c.ticket.Change(schedule.Change{Paused: to.Paused, Priority: to.Priority, Deadline: to.Deadline, Limit: to.Limit})
	}
	switch paused := to.paused(); {
	case paused && c.gate == nil:
		c.gate, c.since = make(chan struct{}), c.e.o.Now()
		time.AfterFunc(schedule.WindUp, c.cut(c.gate))
	case !paused && c.gate != nil:
		close(c.gate)
		c.gate, c.cutShort = nil, false
	}
}

// cut ends what is still under way of a job some time after it was paused.
func (c *control) cut(pause chan struct{}) func() {
	return func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		if c.gate == pause {
			c.cutShort = true
			for end := range c.going {
				(*end)(errPaused)
			}
		}
	}
}

// end ends the run, or the next one if there is none at the moment. It tells whether
// that comes in time.
func (c *control) end(why error) bool {
	c.mu.Lock()
	if c.closed {
		c.mu.Unlock()
		return false
	}
	c.given = c.given || isGivenUp(why)
	finish := c.finish
	c.mu.Unlock()
	if finish != nil {
		finish(why)
	}
	return true
}

// close is called when the last run has ended. It tells whether the job was given up.
func (c *control) close() (given bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.closed = true
	return c.given
}

// begin gives the context of a run, and the job as it is to run now.
func (c *control) begin(ctx context.Context) (context.Context, context.CancelCauseFunc, Job) {
	ctx, cancel := context.WithCancelCause(ctx)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.finish, c.run, c.packed = cancel, nil, nil
	c.counted = counted{}
	if c.given {
		cancel(ErrGivenUp)
	}
	return ctx, cancel, c.now.apply(c.job)
}

// follow shows a run from now on.
func (c *control) follow(r *run) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.run = r
	c.meter.Hold()
}

// last counts what has moved at the end of a run.
func (c *control) last() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.run != nil {
		c.count(c.run)
	}
}

// park ends the run of a job that has been paused for long.
func (c *control) park(now time.Time) {
	c.mu.Lock()
	long := c.gate != nil && c.run != nil && now.Sub(c.since) >= parkAfter
	c.mu.Unlock()
	if long {
		c.end(errParked)
	}
}
