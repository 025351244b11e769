package transfer

import (
	"gantry/connectors"
	"gantry/transfer/chunk"
)

// credible tells whether the planner could have cut such a file for these places like
// that, at whatever rates: a docket may say anything, and what it says must not cost more
// parts, or larger ones, than the engine would ever have chosen.
func (r *run) credible(p chunk.Plan, places ...connectors.Traits) bool {
	today := r.plan()
	if p.Open() != today.Open() || !p.Open() && p.Size != today.Size {
		return false
	}
	if p.Open() || p.Doubles > 0 {
		growing, err := chunk.Open(r.e.o.PartSize, places...)
		return err == nil && p.Close(-1) == growing && p.Fits(places...)
	}
	least, most := r.partSizes(p.Size)
	return p.PartSize >= min(least, today.PartSize) && p.PartSize <= max(most, today.PartSize) && p.Count() > 1 && p.Fits(places...)
}

// partSizes are the least and the largest size that partSize gives a part of a large file
// of so many bytes, if nobody has said it.
func (r *run) partSizes(size int64) (least, most int64) {
	largest := r.e.largestPart()
	least = max(leastPart, min(smallPart, largest, whole(size/mostParts, leastPart)))
	return least, max(largest, r.e.o.MemoryBudget/4>>20<<20)
}
