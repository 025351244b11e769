package agent

import (
	"context"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"time"

	"gantry/connectors"
	"gantry/connectors/wrap/throttle"
	"gantry/transfer"
	"gantry/transfer/agent/wire"
	"gantry/transfer/journal"
	"gantry/transfer/schedule"
)

// controls is what people want of the agent's work, as the hub has told it last. Its methods may be called at once from
// many goroutines.
type controls struct {
	hub    *hub
	wait   time.Duration // that the hub holds a request
	pauses func() *pauses
	back   bell // the hub is there again
	engine mover
	limit  func(schedule.Scope, throttle.Timetable)
	cancel func(context.Context, wire.Control) // nobody wants it any more
	again  func(work string)                   // it is to be tried at once
	news   func()                              // something has changed
	log    *slog.Logger

	mu  sync.Mutex
	now map[string]wire.Control
}

// run ends with ctx.
func (c *controls) run(ctx context.Context) {
	pauses, after := c.pauses(), ""
	for ctx.Err() == nil {
		asked := c.hub.now()
		told, err := c.hub.controls(ctx, after, c.wait)
		switch {
		case isStatus(err, http.StatusNotFound, http.StatusMethodNotAllowed): // a hub of an older release
			rest(ctx, time.Minute, c.back)
			continue
		case err != nil:
			rest(ctx, pauses.next(), c.back)
			continue
		case told.Version == after && c.hub.now().Sub(asked) < c.wait/2:
			rest(ctx, 250*time.Millisecond, nil) // a hub that does not hold the request is not to be flooded
		}
		pauses.reset()
		if told.Version != after {
			c.apply(ctx, told.Work)
			after = told.Version
		}
	}
}

// apply puts all of it into force.
func (c *controls) apply(ctx context.Context, work []wire.Control) {
	c.mu.Lock()
	before, now := c.now, map[string]wire.Control{}
	for _, w := range work {
		now[w.Work] = w
	}
	c.now = now
	c.mu.Unlock()
	for _, w := range work {
		old := before[w.Work]
		switch {
		case w.Cancelled && !old.Cancelled:
			c.log.Info("cancelled", "work", w.Work)
			c.cancel(ctx, w)
		case w.Cancelled:
		default:
			c.steer(w)
			if w.Attempt > old.Attempt {
				c.again(w.Work)
			}
		}
	}
	c.news()
}

// steer changes the files of a piece of work that are under way.
func (c *controls) steer(w wire.Control) {
	if w.Bandwidth != nil && !isArrival(w.Work) {
		c.limit(schedule.OfRoute(orderScope(w.Work)), *w.Bandwidth)
	}
	for _, p := range c.engine.Running() {
		if !belongs(p.Job, w.Work) {
			continue
		}
		c.put(p.Job, w)
		if w.Finished && c.engine.Finish(p.Job) == nil { // others of the work do not grow
			c.log.Info("finished by an operator", "job", p.Job)
		}
	}
}

// put changes one job.
func (c *controls) put(job string, w wire.Control) {
	if err := c.engine.Change(job, changeOf(w)); err != nil {
		c.log.Error("a change is not in the journal, and holds until it is told again only", "job", job, "error", err)
	}
}

// changeOf is what each of its jobs is to have. The bandwidth of an order is for all its files together.
func changeOf(w wire.Control) transfer.Change {
	change := transfer.Change{Paused: w.Paused, Priority: w.Priority, Deadline: w.Deadline}
	if isArrival(w.Work) {
		change.Limit = w.Bandwidth
	}
	return change
}

func isArrival(work string) bool { return strings.HasPrefix(work, "arrival/") }

// begin is for a job that is about to run: what was changed of its work holds for it, too.
func (c *controls) begin(job, work string) {
	if w, ok := c.of(work); ok && changeOf(w) != (transfer.Change{}) {
		c.put(job, w)
	}
}

func (c *controls) of(work string) (wire.Control, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	w, ok := c.now[work]
	return w, ok
}

func (c *controls) paused(work string) bool {
	w, _ := c.of(work)
	return w.Paused != nil && *w.Paused
}

// priority is what people want, or what was ordered.
func (c *controls) priority(work string, ordered schedule.Priority) schedule.Priority {
	if w, _ := c.of(work); w.Priority != nil {
		return *w.Priority
	}
	return ordered
}

// belongs tells whether a job is of a piece of work: an arrival's has its name, an order's files have theirs below it.
func belongs(job, work string) bool { return job == work || strings.HasPrefix(job, "order/"+work+"/") }

// abandonAll gives up what earlier runs have left of a piece of work. place opens what it has written to; uploads that
// cannot be reached are aborted when they can.
func abandonAll(ctx context.Context, j *journal.Journal, engine mover, work string, place func(location string) (connectors.Place, error)) error {
	for job, err := range j.Jobs() {
		if err != nil {
			return err
		}
		if !belongs(job.ID, work) {
			continue
		}
		record, err := j.Record(job.ID)
		if err != nil {
			return err
		}
		var to []transfer.Destination
		for target := range record.Uploads {
			if p, err := place(target.Location); err == nil {
				to = append(to, transfer.Destination{Place: p, Location: target.Location, Path: target.Path})
			}
		}
		if err := engine.Abandon(ctx, job.ID, to); err != nil {
			return err
		}
	}
	return nil
}
