package agent

import (
	"context"
	"strings"
	"sync"

	"gantry/connectors"
	"gantry/transfer"
	"gantry/transfer/schedule"
)

// What people want of arrivals.

// wanted is the priority that a version has now.
func (a *arrivals) wanted(w *waiting) schedule.Priority {
	return a.controls.priority(a.work(w), w.route.urgency().priority)
}

// changed puts what people want into force for what waits.
func (a *arrivals) changed() { a.queue.press(a.wanted) }

// cancel gives an arrival up that nobody wants any more. Its file stays where it is, and is an arrival again when it
// changes, or when somebody has it tried again.
func (a *arrivals) cancel(ctx context.Context, work string) {
	w, active := a.queue.find(func(w *waiting) bool { return a.work(w) == work })
	if w == nil {
		a.stop(work) // of a recording that is sent
		return
	}
	if active && a.stop(work) {
		return // its attempt ends as cancelled
	}
	if kept, found, err := a.keep.forgetPlan(strings.TrimPrefix(work, "arrival/")); err == nil && found {
		err = a.abandon(w, strings.TrimPrefix(work, "arrival/"), kept)
		if err != nil {
			a.log.WarnContext(ctx, "what was sent of a cancelled arrival could not be taken back", "route", w.key.Route, "path", w.key.Path, "error", err)
		}
	}
	a.cancelled(w)
}

// cancelled notes that a version is not wanted.
func (a *arrivals) cancelled(w *waiting) {
	id := arrivalID(a.site, w.key.Route, w.file)
	a.hide(id)
	if err := a.noteFailure(w.route, w.key, id, connectors.KindCanceled, transfer.ErrGivenUp.Error(), true); err != nil {
		a.wrong(err)
	}
	w.failed, w.shown = true, false
	a.failures.add(id, w)
	a.queue.done(w)
}

// again has an arrival tried at once: one that waits, or one that has failed or was cancelled.
func (a *arrivals) again(work string) {
	if w, _ := a.queue.find(func(w *waiting) bool { return a.work(w) == work }); w != nil {
		a.queue.hurryOne(w)
		return
	}
	w := a.failures.take(strings.TrimPrefix(work, "arrival/"))
	if w == nil {
		return
	}
	w.at, w.attempts, w.failed = a.now(), 0, true
	w.priority = a.wanted(w)
	a.queue.put(w)
}

// failures remembers arrivals that were given up, so that they can be tried again. It is for use by many goroutines.
type failures struct {
	mu sync.Mutex
	by map[string]*waiting // by arrival
}

// mostFailures bounds it: of more, those that were forgotten are tried again after a restart.
const mostFailures = 10_000

func (f *failures) add(id string, w *waiting) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.by == nil {
		f.by = map[string]*waiting{}
	}
	if len(f.by) < mostFailures {
		copied := *w
		copied.queued = false
		f.by[id] = &copied
	}
}

func (f *failures) take(id string) *waiting {
	f.mu.Lock()
	defer f.mu.Unlock()
	w := f.by[id]
	delete(f.by, id)
	return w
}
