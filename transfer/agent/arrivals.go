package agent

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"gantry/connectors"
	"gantry/transfer"
	"gantry/transfer/agent/naming"
	"gantry/transfer/agent/wire"
	"gantry/transfer/custody"
	"gantry/transfer/schedule"
	"gantry/transfer/watch"
)

// arrivals moves what has settled on the routes.
type arrivals struct {
	site    string
	keep    *keep
	queue   *queue
	places  *places
	alarms  *alarms
	move    func(context.Context, moveJob) (transfer.Receipt, error)
	giveUp  func(ctx context.Context, job string, to []transfer.Destination) error
	event   func(id, kind string, data any) wire.Event
	growers *growers
	show    func(r *route, f watch.File, id string, p transfer.Progress) // progress
	hide    func(id string)                                              // there is no more of it
	wrong   func(error)                                                  // something that Status should tell
	pauses  func() *pauses
	mend    time.Duration
	now     func() time.Time
	log     *slog.Logger

	crew     *crew
	stop     func(work string) bool // ends the move of one that is not wanted; false if it does not run
	controls *controls
	group    sync.WaitGroup
	failures failures
}

// settled takes in a file that a route's watcher offers. A version that was dealt with is not taken in again.
func (a *arrivals) settled(r *route, f watch.File) error {
	key := fileKey{r.plan.name, f.Path}
	w := &waiting{key: key, route: r, file: f, at: a.now()}
	if a.growers.settled(r, f, w) { // before the mark is looked at, which is there when a recording is not followed any more
		return nil
	}
	m, err := a.keep.mark(key)
	if err != nil {
		a.wrong(err)
		return err
	}
	id := arrivalID(a.site, r.plan.name, f)
	known := m.ID == id
	w.failed = known && m.Outcome == outcomeFailed
	w.priority = a.wanted(w)
	switch {
	case known && m.Outcome == outcomeArrived:
		return nil
	case known && m.settledFor(r):
		a.failures.add(id, w)
		return nil
	}
	if before := a.queue.put(w); before != nil && !a.sameVersion(w, before) {
		a.overtaken(before)
	} else if before != nil {
		w.shown = w.shown || before.shown
	}
	return nil
}

// settledFor tells whether a failure would only happen again.
func (m mark) settledFor(r *route) bool {
	return m.Outcome == outcomeFailed && m.Tag == r.tag && !mendable(connectors.Kind(m.Kind))
}

// run moves what has settled until ctx ends, several files at once.
func (a *arrivals) run(ctx context.Context) {
	defer a.group.Wait()
	for {
		w := a.queue.next(ctx, func(p schedule.Priority) bool { return a.crew.room()[p] > 0 })
		if w == nil {
			return
		}
		work := a.work(w)
		a.crew.join(work, w.route.urgency().priority)
		a.group.Go(func() {
			err := a.attempt(w)
			a.crew.leave(work)
			a.decide(w, err)
			a.queue.look()
		})
	}
}

// work is how the hub and the engine know the move of a version.
func (a *arrivals) work(w *waiting) string {
	return "arrival/" + arrivalID(a.site, w.key.Route, w.file)
}

// attempt moves one version of a file and notes it.
func (a *arrivals) attempt(w *waiting) error {
	id := arrivalID(a.site, w.route.plan.name, w.file)
	if err := checkName(w.file.Path); err != nil {
		return err
	}
	ctx := w.route.ctx
	if custody.IsHistory(w.file.Path) {
		return a.history(ctx, w, id)
	}
	kept, err := a.keep.plan(id, plan{w.file.FirstSeen.UTC(), w.file.LastChange.UTC()})
	if err != nil {
		return err
	}
	facts := naming.FactsOf(id, w.file.Path, a.site, w.route.plan.name, kept.LastChange)
	destination, err := w.route.destination(facts)
	if err != nil {
		return err
	}
	receipt, err := a.transfer(ctx, w, id, destination)
	if err != nil {
		return err
	}
	return a.arrived(w, kept, id, receipt)
}

func (a *arrivals) transfer(ctx context.Context, w *waiting, id, destination string) (receipt transfer.Receipt, err error) {
	from, back, err := a.places.borrow(ctx, w.route.plan.from)
	if err != nil {
		return receipt, err
	}
	defer func() { back(nil) }()
	version, err := stillThere(ctx, from, w.file)
	if err != nil {
		return receipt, err
	}
	to, backTo, err := a.places.borrow(ctx, w.route.plan.to)
	if err != nil {
		return receipt, err
	}
	defer func() { backTo(err) }()
	if err := a.claim(ctx, w, id, to, destination); err != nil {
		return receipt, err
	}
	receipt, err = a.move(ctx, moveJob{
		id: "arrival/" + id, work: "arrival/" + id, kind: "ingest", priority: w.route.urgency().priority, deadline: w.due(), location: w.route.plan.from.Name, path: w.file.Path, from: from, version: &version, route: w.key.Route,
		to: []target{{location: w.route.plan.to.Name, path: destination, place: to, verify: transfer.Verify(w.route.plan.to.Proof), profile: w.route.plan.to.Profile}}, exclusive: true,
		progress: func(p transfer.Progress) { a.moving(w, id, p) },
	})
	if connectors.KindOf(err) == connectors.KindExists {
		return receipt, errTaken(destination, err)
	}
	return receipt, err
}

// moving shows how far a move is. One that has failed before stays so until a byte is moved again.
func (a *arrivals) moving(w *waiting, id string, p transfer.Progress) {
	if w.failed && p.Done == 0 && p.Sent == 0 && !p.Paused {
		return
	}
	w.failed, w.shown = false, true
	a.show(w.route, w.file, id, p)
}

// due is when the file should be at its destination; zero if any time will do.
func (w *waiting) due() time.Time {
	d := w.route.urgency().deadline
	if d == 0 {
		return time.Time{}
	}
	return w.file.LastChange.Add(d)
}

// claim sees to it that two arrivals are not moved to the same destination, where the route's template allows that. What
// nobody has claimed is left to the engine, which replaces nothing.
func (a *arrivals) claim(ctx context.Context, w *waiting, id string, to connectors.Place, destination string) error {
	if w.route.path.TellsArrivalsApart() {
		return nil
	}
	free := func(other claimant) bool {
		if other.fileKey != w.key && a.queue.has(other.fileKey) {
			return false
		}
		_, err := to.Stat(ctx, destination)
		return connectors.KindOf(err) == connectors.KindNotFound
	}
	other, ok, err := a.keep.claim(longID(placeKey(w.route.plan.to), destination), claimant{w.key, id}, free)
	if err != nil || ok {
		return err
	}
	if other.fileKey != w.key && a.queue.has(other.fileKey) {
		return errWaits
	}
	if other.fileKey == w.key {
		return errTaken(destination, errors.New("an earlier version of the file has been moved there"))
	}
	return errTaken(destination, fmt.Errorf("%q of route %s has been moved there", other.Path, other.Route))
}

func errTaken(destination string, why error) error {
	return &connectors.Error{
		Kind: connectors.KindExists, Op: "move to", Path: destination, Err: why,
		Remedy: "put {{.ID}} into the route's path: it keeps arrivals apart",
	}
}

var (
	errSuperseded = errors.New("the file has changed before it was moved: what it is now is an arrival of its own")
	errGone       = errors.New("the file was taken away before it was moved: put it there again")
	errWaits      = errors.New("another file is on its way to the same destination")
)

func stillThere(ctx context.Context, from connectors.Source, f watch.File) (connectors.Entry, error) {
	e, err := from.Stat(ctx, f.Path)
	switch {
	case connectors.KindOf(err) == connectors.KindNotFound:
		return e, errGone
	case err != nil:
		return e, err
	case e.Size != f.Size || !e.ModTime.Equal(f.ModTime):
		return e, errSuperseded
	}
	return e, nil
}

func (a *arrivals) arrived(w *waiting, kept plan, id string, receipt transfer.Receipt) error {
	arrival := wire.Arrival{
		ID: id, Route: w.route.plan.name, Path: w.file.Path, FirstSeen: kept.FirstSeen, LastChange: kept.LastChange, Receipt: receipt,
	}
	if err := a.keep.conclude(w.key, mark{ID: id, Outcome: outcomeArrived}, a.event(id, wire.EventArrived, arrival)); err != nil {
		return err
	}
	a.hide(id)
	a.log.Info("arrived", "route", arrival.Route, "path", arrival.Path, "arrival", id, "size", w.file.Size)
	return nil
}
