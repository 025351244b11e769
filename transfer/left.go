package transfer

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"time"

	"gantry/connectors"
	"gantry/transfer/docket"
	"gantry/transfer/journal"
)

// A journal can be lost, or be older than what was done since. What the destinations
// hold of an upload is not lost with it: a run that knows of no upload looks for one that
// was left, and takes it up. Which one that is, dockets tell, which lie apart from the
// journal; without them, at places that show it, the names of what is staged.
//
// Nothing of such an upload counts before it was compared with what is read of the
// source, part by part.

// rest is for how long nothing may have been written to an upload of which nobody knows
// whether it is being sent, before it is taken over. It is longer than a job keeps trying,
// and longer than TCP does for what was sent already.
const rest = 20 * time.Minute

// look is the time between two looks at such an upload: clocks may differ.
const look = 3 * time.Second

// worthLooking is the size of a file, in bytes, for which a folder of staged files is read.
const worthLooking = 32 << 20

// dockets is where they lie if nobody says it: not in the state that is lost with the
// journal. Nobody's user keeps none: what lies where others write says nothing.
func dockets() string {
	base, err := os.UserCacheDir()
	if err != nil {
		return ""
	}
	return filepath.Join(base, "gantry", "uploads")
}

// claimLeft holds the dockets of what earlier runs have left at the destinations, and
// takes over how they had cut the file.
func (r *run) claimLeft(todo []Destination) {
	for _, to := range todo {
		for _, h := range r.left(to).dockets {
			if r.credible(h.Plan, r.traitsOf(todo)...) {
				r.planned.Store(new(h.Plan))
				return
			}
		}
	}
}

func (r *run) traitsOf(todo []Destination) (list []connectors.Traits) {
	for _, to := range todo {
		list = append(list, to.traits())
	}
	return list
}

// leaves tells whether a run that is cut off leaves something at the destination that
// another one could find. What is packed anew has other bytes.
func (r *run) leaves(to Destination) bool {
	_, moves := to.Place.(*depot)
	return !r.once && r.packer == nil && !moves && !to.traits().Streamed && !to.traits().WriteOnly && r.plan().Count() > 1
}

// leavings tell of the uploads to a destination of which no record is known.
type leavings struct {
	dockets []*docket.Held // of those that nobody sends any more
	busy    []string       // that somebody is sending
}

func (r *run) left(to Destination) *leavings {
	if !r.leaves(to) {
		return &leavings{}
	}
	r.leftMu.Lock()
	defer r.leftMu.Unlock()
	if l := r.leftAt[to.target()]; l != nil {
		return l
	}
	l := &leavings{}
	l.dockets, l.busy = r.e.dockets.Claim(r.way(to.target()), r.e.o.Now())
	if r.leftAt == nil {
		r.leftAt = map[journal.Target]*leavings{}
	}
	r.leftAt[to.target()] = l
	return l
}

// asMD5 tells whether it takes MD5 to compare the parts of an upload that was left with
// what the place says of them: their ETags are all that an object store without checksums
// tells.
func (l *leavings) asMD5(t connectors.Traits) bool {
	return t.MinPart > 0 && slices.ContainsFunc(l.dockets, func(h *docket.Held) bool { return h.PartDigest == "" })
}

func (r *run) way(t journal.Target) docket.Way {
	return docket.Way{From: r.job.Source.Location, FromPath: r.job.Source.Path, To: t.Location, ToPath: t.Path}
}

// releaseLeft leaves to others what this run did not take up.
func (r *run) releaseLeft() {
	r.leftMu.Lock()
	defer r.leftMu.Unlock()
	for _, l := range r.leftAt {
		for _, h := range l.dockets {
			h.Release()
		}
	}
}

// holdDocket is for an upload that was taken up by its record. Others of the same way are
// given up once nobody can be expected to go on with them.
func (d *delivery) holdDocket(ctx context.Context) {
	for _, h := range d.r.left(d.to).dockets {
		if h.ID == d.upload.ID() && d.docket == nil {
			d.docket = h
		} else if h.Terms == termsOf(d.options()) {
			d.discardOld(ctx, h)
		}
	}
	if d.sought = true; d.docket == nil {
		d.layDocket(ctx)
	}
}

// dropDocket is for an upload that was aborted by its ID.
func (e *Engine) dropDocket(w docket.Way, id string) {
	free, _ := e.dockets.Claim(w, e.o.Now())
	for _, h := range free {
		if h.ID == id {
			h.Remove()
		}
		h.Release()
	}
}

// layDocket writes a docket for the upload that was just begun or taken up.
func (d *delivery) layDocket(ctx context.Context) {
	if !d.r.leaves(d.to) {
		return
	}
	o := d.options()
	laid, err := d.r.e.dockets.Lay(docket.Docket{
		Way: d.r.way(d.target), ID: d.upload.ID(), Plan: d.r.plan(), Terms: termsOf(o), ModTime: o.ModTime,
		PartDigest: d.to.traits().PartDigest, Began: d.now(),
	})
	if err != nil {
		d.r.e.log.DebugContext(ctx, "without its journal, this upload could not be found again", "job", d.r.job.ID, "error", err)
		return
	}
	d.docket.Remove()
	d.docket = laid
}
