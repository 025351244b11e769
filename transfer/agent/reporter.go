package agent

import (
	"context"
	"slices"
	"sync"
	"time"

	"gantry/transfer"
	"gantry/transfer/agent/wire"
	"gantry/transfer/watch"
)

// reporter tells the hub how far arrivals are: as well as it can, the newest state only, and nothing while the hub is
// not there. It holds nobody up.
type reporter struct {
	hub  *hub
	gap  time.Duration // between two rounds
	now  func() time.Time
	all  func() map[string]*route
	mu   sync.Mutex
	next map[string]wire.ArrivalProgress // by arrival

	followed func(fileKey) bool // tells of recordings that are sent already
	lined    func() []lined     // what waits in line
	told     map[string]string  // what the hub knows each of them to wait for, by arrival; only run's goroutine uses it

	sizes map[fileKey]int64 // of growing files at the last look; only run's goroutine uses it
}

// manyGrowing is the number of unsettled files from which on a round does not look at them: so many are a card or a
// restart, not recorders at work.
const manyGrowing = 2000

// mostReports bounds one round.
const mostReports = 32

func (r *reporter) show(x *route, f watch.File, id string, p transfer.Progress) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.next[id] = wire.ArrivalProgress{
		Agent: r.hub.agent, Site: r.hub.site, Route: x.plan.name, Path: f.Path, Phase: "moving", Size: f.Size, At: r.now().UTC(), Transfer: p,
	}
}

// hide drops what has not been told yet of an arrival that is over.
func (r *reporter) hide(id string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.next, id)
}

func (r *reporter) run(ctx context.Context) {
	for rest(ctx, r.gap, nil) {
		if !r.hub.link.get().Reachable {
			r.take()
			r.told = nil
			continue
		}
		r.look()
		r.lookInLine()
		for id, p := range r.take() {
			if err := r.hub.arrivalProgress(ctx, id, p); err != nil {
				r.told = nil
				break // lost ones do no harm, and the link has noted it
			}
		}
	}
}

func (r *reporter) take() map[string]wire.ArrivalProgress {
	r.mu.Lock()
	defer r.mu.Unlock()
	taken := r.next
	r.next = map[string]wire.ArrivalProgress{}
	if len(taken) <= mostReports {
		return taken
	}
	some := map[string]wire.ArrivalProgress{}
	for id, p := range taken {
		if len(some) < mostReports {
			some[id] = p
		}
	}
	return some
}

// look adds the files that have grown since the last look.
func (r *reporter) look() {
	sizes := map[fileKey]int64{}
	for name, x := range r.all() {
		growing := x.watcher.Growing()
		if len(growing) > manyGrowing {
			continue
		}
		for _, f := range slices.DeleteFunc(growing, func(f watch.File) bool { return checkName(f.Path) != nil }) {
			key := fileKey{name, f.Path}
			if before, known := r.sizes[key]; known && f.Size > before && !r.followed(key) {
				r.grown(name, f)
			}
			sizes[key] = f.Size
		}
	}
	r.sizes = sizes
}

func (r *reporter) grown(route string, f watch.File) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.next[growingID(r.hub.site, route, f.Path)] = wire.ArrivalProgress{
		Agent: r.hub.agent, Site: r.hub.site, Route: route, Path: f.Path, Phase: wire.PhaseGrowing, Size: f.Size, At: r.now().UTC(),
	}
}

// lookInLine adds what waits in line for another reason than the hub knows. What moves by now is left alone.
func (r *reporter) lookInLine() {
	all, told := r.lined(), map[string]string{}
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, each := range all {
		why := each.progress.Transfer.Waiting
		if _, news := r.next[each.id]; r.told[each.id] != why && (news || len(r.next) >= mostReports) {
			continue
		}
		if r.told[each.id] != why {
			each.progress.Agent = r.hub.agent
			r.next[each.id] = each.progress
		}
		told[each.id] = why
	}
	r.told = told
}
