package transfer

import (
	"slices"

	"gantry/connectors"
	"gantry/transfer/chunk"
	"gantry/transfer/schedule"
)

const (
	leastPart  = 256 << 10 // bytes, at a slow place
	fewParts   = 8         // that a file is cut into at least, if it is not small
	smallPart  = 4 << 20   // what is not worth cutting
	mostParts  = 4096      // that a slow place is worth
	worthParts = 2         // seconds that one part takes a slow place, if nothing else moves there
	mostWorth  = 8         // the same, where parts cost much beside their bytes

	nearPart  = 2 << 20 // from disk to disk: what was read is still in the processor's cache when it is written
	nearParts = 2048    // beyond which parts are larger: each is synced, and remembered
)

// partSize is how large parts should be, if nobody has said it: small enough for
// eight of them to be in memory, for a small file to go in several at once, and, as
// far as the rates of the places are known, for a cut to cost a few seconds of a slow
// one. It is the wish for a plan, which keeps to the places' limits.
func (r *run) partSize(size int64, todo []Destination) int64 {
	if r.e.o.PartSize > 0 {
		return r.e.o.PartSize
	}
	part := r.e.largestPart()
	part = min(part, max(smallPart, whole(size/fewParts, 1<<20)))
	if r.fromDiskToDisk(todo) {
		part = min(part, max(nearPart, whole(size/nearParts, 1<<20)))
	}
	if r.abreast(todo) {
		part = min(part, max(smallPart, r.e.o.MemoryBudget/mostParallel>>20<<20))
	}
	most := r.e.o.MemoryBudget / 4 >> 20 << 20
	if rate := r.slowest(todo); rate > 0 {
		part = min(part, max(leastPart, whole(int64(rate*worthParts), leastPart), whole(size/mostParts, leastPart)))
		most = min(most, whole(int64(rate*mostWorth), leastPart))
	}
	for _, to := range todo {
		part = max(part, min(to.traits().BestPart, most))
	}
	return part
}

// fromDiskToDisk tells whether a file moves on this machine's disks only.
func (r *run) fromDiskToDisk(todo []Destination) bool {
	onDisk := func(place any) bool { _, ok := connectors.As[connectors.OnDisk](place); return ok }
	return onDisk(r.job.Source.Place) && !slices.ContainsFunc(todo, func(d Destination) bool { return !onDisk(d.Place) })
}

// abreast tells whether a place is worth many parts at once from the beginning: then small
// ones end at about the same time, and no large one is left alone at the end.
func (r *run) abreast(todo []Destination) bool {
	many := func(place any) bool {
		p, ok := place.(interface{ Traits() connectors.Traits })
		return ok && p.Traits().Start >= fewParts
	}
	for _, to := range todo {
		if many(to.Place) {
			return true
		}
	}
	return many(r.job.Source.Place)
}

// largestPart leaves room for eight in the budget.
func (e *Engine) largestPart() int64 {
	return min(chunk.Preferred, max(1<<20, e.o.MemoryBudget/8>>20<<20))
}

// slowest is the lowest rate, in bytes/s, at which the destinations and the source
// were seen to move, or may move; 0 = none is known.
func (r *run) slowest(todo []Destination) (rate float64) {
	note := func(f *schedule.Flow) {
		if f == nil {
			return
		}
		for _, seen := range []float64{f.Rate(), float64(f.Limit())} {
			if seen > 0 && (rate == 0 || seen < rate) {
				rate = seen
			}
		}
	}
	note(r.flow(r.job.Source.Place, r.job.Source.Location, schedule.Read))
	for _, to := range todo {
		note(r.flow(to.Place, to.Location, schedule.Write))
	}
	return rate
}

// whole rounds up to a multiple.
func whole(n, of int64) int64 { return (n + of - 1) / of * of }
