package agent

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"gantry/connectors"
	"gantry/transfer"
	"gantry/transfer/agent/naming"
	"gantry/transfer/agent/wire"
	"gantry/transfer/journal"
)

// decide says what becomes of a version after an attempt.
func (a *arrivals) decide(w *waiting, err error) {
	name := w.route.plan.name
	switch {
	case err == nil:
		a.queue.done(w)
		if a.alarms.clear(name, causeMove, fmt.Sprintf("route %s works again", name)) {
			a.queue.hurry(w.route)
		}
	case errors.Is(err, transfer.ErrGivenUp):
		a.cancelled(w)
	case w.route.ctx.Err() != nil:
		a.rest(w, time.Second)
	case errors.Is(err, errSuperseded):
		a.drop(w, errSuperseded)
	case errors.Is(err, errGone):
		a.gone(w)
	case errors.Is(err, errWaits), connectors.KindOf(err) == connectors.KindChanged:
		a.rest(w, a.backoff(w)) // if only a file's attributes did, nobody will offer it again
	case retryable(err):
		a.wrong(err)
		a.raise(w, err)
		a.rest(w, a.backoff(w))
	default:
		a.failed(w, err)
	}
}

const causeMove = "move"

// gone drops a file that was taken away. The watcher does not offer files again whose root was away and came back, so
// a root must have had the time to be missed.
func (a *arrivals) gone(w *waiting) {
	if strings.HasPrefix(w.route.watcher.Mode(), "away") {
		w.missed = 0
	}
	if w.missed++; w.missed > 5 {
		a.log.Info("the file was taken away before it was moved", "route", w.key.Route, "path", w.key.Path)
		a.drop(w, errGone)
		return
	}
	a.rest(w, a.backoff(w))
}

// drop gives up a version that is not there any more, with what was sent of it. The hub, which may have been shown how
// far it was, is told.
func (a *arrivals) drop(w *waiting, why error) {
	defer a.queue.done(w)
	id := arrivalID(a.site, w.key.Route, w.file)
	a.hide(id)
	if err := a.tellDropped(w, id, why); err != nil {
		a.wrong(err)
	}
	kept, found, err := a.keep.forgetPlan(id)
	if err == nil && found {
		err = a.abandon(w, id, kept)
	}
	if err != nil {
		a.log.Warn("what was sent of a file that is gone could not be taken back", "route", w.key.Route, "path", w.key.Path, "error", err)
	}
}

func (a *arrivals) tellDropped(w *waiting, id string, why error) error {
	if !w.shown {
		return nil
	}
	kind := connectors.KindChanged
	if errors.Is(why, errGone) {
		kind = connectors.KindNotFound
	}
	failure := wire.ArrivalFailure{ID: id, Route: w.key.Route, Path: printable(w.key.Path), Kind: string(kind), Error: why.Error()}
	return a.keep.tell(a.event(id+"-dropped-"+a.instant(), wire.EventFailed, failure))
}

func (a *arrivals) abandon(w *waiting, id string, kept plan) error {
	if begun, err := a.keep.begun("arrival/" + id); err != nil || !begun {
		return err
	}
	destination, err := w.route.destination(naming.FactsOf(id, w.file.Path, a.site, w.key.Route, kept.LastChange))
	if err != nil {
		return err
	}
	to, back, err := a.places.borrow(w.route.ctx, w.route.plan.to)
	if err != nil {
		return err
	}
	err = a.giveUp(w.route.ctx, "arrival/"+id, []transfer.Destination{{Place: to, Location: w.route.plan.to.Name, Path: destination}})
	back(err)
	return err
}

// retryable adds to the kinds of connectors that the agent's own journal may be short of room for a while.
func retryable(err error) bool {
	return connectors.Retryable(err) || connectors.KindOf(err) == connectors.KindCanceled || errors.Is(err, journal.ErrDamaged)
}

// mendable tells whether somebody may set things right where the agent cannot see it.
func mendable(kind connectors.Kind) bool {
	switch kind {
	case connectors.KindAuth, connectors.KindHostKey, connectors.KindPermission, connectors.KindNotFound, connectors.KindOther:
		return true
	default:
		return false
	}
}

func (a *arrivals) raise(w *waiting, err error) {
	name := w.key.Route
	a.alarms.raise(name, causeMove, fmt.Sprintf("route %s: %q waits: %s", name, printable(w.file.Path), oneLine(err.Error())))
}

// failed tells the hub once per version and kind of failure, and again if it was shown a move since. What a person may
// mend is tried again, slowly.
func (a *arrivals) failed(w *waiting, err error) {
	a.wrong(err)
	kind := connectors.KindOf(err)
	id := arrivalID(a.site, w.route.plan.name, w.file)
	a.hide(id)
	if noted := a.noteFailure(w.route, w.key, id, kind, err.Error(), w.shown); noted != nil {
		a.wrong(noted)
		a.rest(w, a.backoff(w))
		return
	}
	w.failed, w.shown = true, false
	if mendable(kind) {
		a.raise(w, err)
		a.rest(w, a.mend)
		return
	}
	a.failures.add(id, w)
	a.queue.done(w)
}

func (a *arrivals) noteFailure(r *route, key fileKey, id string, kind connectors.Kind, reason string, again bool) error {
	reason = oneLine(reason)
	m := mark{ID: id, Outcome: outcomeFailed, Tag: r.tag, Kind: string(kind), Reason: reason}
	old, err := a.keep.mark(key)
	known := old.ID == m.ID && old.Tag == m.Tag && old.Kind == m.Kind
	if err != nil || (known && !again) {
		return err
	}
	a.log.Warn("arrival failed", "route", key.Route, "path", key.Path, "arrival", id, "kind", kind, "error", reason)
	failure := wire.ArrivalFailure{ID: id, Route: key.Route, Path: printable(key.Path), Kind: string(kind), Error: reason}
	name := id + "-" + shortID(string(kind), r.tag)[:8]
	if known {
		name += "-" + a.instant()
	}
	return a.keep.conclude(key, m, a.event(name, wire.EventFailed, failure))
}

// instant makes an event's ID another one than that of the same thing before.
func (a *arrivals) instant() string { return strconv.FormatInt(a.now().UnixNano(), 36) }

// passed takes in what a watcher will never offer: a link, a pipe, a folder that it may not read.
func (a *arrivals) passed(r *route, path, reason string) {
	id := shortID("passed", a.site, r.plan.name, path, reason)
	if err := a.noteFailure(r, fileKey{r.plan.name, path}, id, connectors.KindUnsupported, "passed over: "+reason, false); err != nil {
		a.wrong(err)
	}
}

// rest lets a version wait for its next try, unless another one has taken its place.
func (a *arrivals) rest(w *waiting, pause time.Duration) {
	newer := a.queue.again(w, a.now().Add(pause))
	switch {
	case newer == nil:
	case w.route.ctx.Err() != nil || a.sameVersion(w, newer):
		a.queue.done(w)
	default:
		a.drop(w, errSuperseded)
	}
}

func (a *arrivals) sameVersion(w, o *waiting) bool {
	route := w.key.Route
	return arrivalID(a.site, route, w.file) == arrivalID(a.site, route, o.file)
}

func (a *arrivals) backoff(w *waiting) time.Duration {
	p := a.pauses()
	p.failures = w.attempts
	w.attempts++
	return p.next()
}
