package agent

import (
	"fmt"
	"slices"
	"time"

	"gantry/transfer"
	"gantry/transfer/agent/wire"
	"gantry/transfer/custody"
)

const (
	// mostQueued bounds how many arrivals that wait the hub is shown: the first in line.
	mostQueued = 100
	// shownAfter is how long one has to be in line to be shown.
	shownAfter = time.Second
)

// A lined is an arrival that waits in the agent's queue.
type lined struct {
	id       string // of the arrival
	progress wire.ArrivalProgress
}

// lined gives the first arrivals in line, and what each waits for.
func (a *arrivals) lined() (list []lined) {
	now := a.now()
	for _, w := range a.queue.line(mostQueued, now) {
		if custody.IsHistory(w.file.Path) || checkName(w.file.Path) != nil {
			continue
		}
		why := fmt.Sprintf("waits for its turn: %d arrivals move at once", a.crew.most)
		if w.at.After(now) {
			why = "is tried again at " + w.at.Format(time.TimeOnly)
		}
		id := arrivalID(a.site, w.key.Route, w.file)
		list = append(list, lined{id, wire.ArrivalProgress{
			Site: a.site, Route: w.key.Route, Path: w.file.Path, Phase: wire.PhaseQueued, Size: w.file.Size, At: now.UTC(),
			Transfer: transfer.Progress{
				Job: "arrival/" + id, Source: w.file.Path, Size: w.file.Size, Total: w.file.Size, Phase: wire.PhaseQueued,
				ETA: -1, Held: transfer.HeldTurn, Waiting: why, Priority: w.priority, Deadline: w.due(),
			},
		}})
	}
	return list
}

// line gives the first that wait, in their order, as they are now. They count as shown from now on. Those that the hub
// knows to have failed are left out, and those that have only come.
func (q *queue) line(most int, now time.Time) (first []waiting) {
	q.mu.Lock()
	defer q.mu.Unlock()
	var found []*waiting
	for key, w := range q.latest {
		if q.active[key] != nil || w.failed || !w.at.After(now) && now.Sub(w.at) < shownAfter {
			continue
		}
		at, _ := slices.BinarySearchFunc(found, w, func(a, b *waiting) int {
			if a.before(b) {
				return -1
			}
			return 1
		})
		if found = slices.Insert(found, at, w); len(found) > most {
			found = found[:most]
		}
	}
	for _, w := range found {
		w.shown = true
		first = append(first, *w)
	}
	return first
}

// overtaken tells the hub of a version that it was shown and another one takes the place of in the queue.
func (a *arrivals) overtaken(w *waiting) {
	if w == nil {
		return
	}
	id := arrivalID(a.site, w.key.Route, w.file)
	a.hide(id)
	if err := a.tellDropped(w, id, errSuperseded); err != nil {
		a.wrong(err)
	}
}
