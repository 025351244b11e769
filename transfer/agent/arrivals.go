package agent

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"gantry/connectors"
	"gantry/transfer"
	"gantry/transfer/agent/wire"
	"gantry/transfer/watch"
)

// arrivals moves what has settled on the routes.
type arrivals struct {
	site   string
	keep   *keep
	queue  *queue
	places *places
	alarms *alarms
	move   func(context.Context, moveJob) (transfer.Receipt, error)
	giveUp func(ctx context.Context, job string, to []transfer.Destination) error
	event  func(id, kind string, data any) wire.Event
	show   func(r *route, f watch.File, id string, p transfer.Progress) // progress
	hide   func(id string)                                              // there is no more of it
	wrong  func(error)                                                  // something that Status should tell
	pauses func() *pauses
	mend   time.Duration
	now    func() time.Time
	log    *slog.Logger
}

// settled takes in a file that a route's watcher offers. A version that was dealt with is not taken in again.
func (a *arrivals) settled(r *route, f watch.File) error {
	key := fileKey{r.plan.name, f.Path}
	m, err := a.keep.mark(key)
	if err != nil {
		a.wrong(err)
		return err
	}
	if m.ID == arrivalID(a.site, r.plan.name, f) && (m.Outcome == outcomeArrived || m.settledFor(r)) {
		return nil
	}
	a.queue.put(&waiting{key: key, route: r, file: f, at: a.now()})
	return nil
}

// settledFor tells whether a failure would only happen again.
func (m mark) settledFor(r *route) bool {
	return m.Outcome == outcomeFailed && m.Tag == r.tag && !mendable(connectors.Kind(m.Kind))
}

// run moves one arrival after the other until ctx ends. Several may run at once.
func (a *arrivals) run(ctx context.Context) {
	for {
		w := a.queue.next(ctx)
		if w == nil {
			return
		}
		err := a.attempt(w)
		a.decide(w, err)
	}
}

// attempt moves one version of a file and notes it.
func (a *arrivals) attempt(w *waiting) error {
	id := arrivalID(a.site, w.route.plan.name, w.file)
	if err := checkName(w.file.Path); err != nil {
		return err
	}
	ctx := w.route.ctx
	kept, err := a.keep.plan(id, plan{w.file.FirstSeen.UTC(), w.file.LastChange.UTC()})
	if err != nil {
		return err
	}
	facts := factsOf(id, w.file.Path, a.site, w.route.plan.name, kept.LastChange)
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
	if err := a.claim(ctx, w, to, destination); err != nil {
		return receipt, err
	}
	return a.move(ctx, moveJob{
		id: "arrival/" + id, location: w.route.plan.from.Name, path: w.file.Path, from: from, version: &version, route: w.key.Route,
		to:       []target{{w.route.plan.to.Name, destination, to}},
		progress: func(p transfer.Progress, _ float64) { a.show(w.route, w.file, id, p) },
	})
}

// claim sees to it that two files are not moved to the same destination, where the route's template allows that.
func (a *arrivals) claim(ctx context.Context, w *waiting, to connectors.Place, destination string) error {
	if w.route.path.tellsVersionsApart() {
		return nil
	}
	free := func(other fileKey) bool {
		if a.queue.has(other) {
			return false
		}
		_, err := to.Stat(ctx, destination)
		return connectors.KindOf(err) == connectors.KindNotFound
	}
	other, ok, err := a.keep.claim(longID(placeKey(w.route.plan.to), destination), w.key, free)
	if err != nil || ok {
		return err
	}
	if a.queue.has(other) {
		return errWaits
	}
	return &connectors.Error{
		Kind: connectors.KindExists, Op: "move to", Path: destination, Err: fmt.Errorf("%q of route %s has been moved there", other.Path, other.Route),
		Remedy: "put {{.ID}} or {{.Path}} into the route's path",
	}
}

var (
	errSuperseded = errors.New("the file has changed: the watcher will offer what it is now")
	errGone       = errors.New("the file is gone")
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
