package chunk

import (
	"cmp"
	"fmt"

	"gantry/connectors"
)

// The sizes of parts of a file that is still written.
const (
	firstPart int64 = 5 << 20  // small, since what is left of the file at its end waits until then
	equalPart int64 = 64 << 20 // where all parts have to be equal: 10,000 of them hold 625 GiB
	manyParts       = 10_000   // of a size, where their number has no limit
)

// Open plans a file that is still written, for all places at once. Where the number
// of parts is limited, their size doubles after each tenth of it: 10,000 parts of S3
// begin with 5 MiB, hold 5 GB before they grow, and 4.9 TiB in all. Where all parts
// have to be equal, they are larger from the beginning. preferred below 1 leaves
// the first size to the package. KindInvalid if no part size suits all places.
func Open(preferred int64, places ...connectors.Traits) (Plan, error) {
	l := intersect(places)
	p := Plan{Size: -1, PartSize: min(cmp.Or(max(preferred, 0), firstPart), firstPart), Doubles: manyParts}
	switch {
	case l.equal:
		p.PartSize, p.Doubles = max(p.PartSize, equalPart), 0
	case l.count > 0:
		p.Doubles = int(max(l.count/10, 1))
	}
	p.PartSize = max(p.PartSize, l.min)
	if l.max > 0 {
		p.PartSize = min(p.PartSize, l.max)
		if p.largest(l.count) > l.max {
			p.Doubles = 0
		}
	}
	if !l.allow(p) {
		return Plan{}, &connectors.Error{
			Kind: connectors.KindInvalid, Op: "plan parts", Path: "a growing file", Err: fmt.Errorf("no part size suits all destinations: %s", l),
			Remedy: "send to them in separate jobs, or once the file is finished",
		}
	}
	return p, nil
}

// Open tells whether the size is not known yet.
func (p Plan) Open() bool { return p.Size < 0 }

// Close is the plan once the size is known: the parts stay as they were.
func (p Plan) Close(size int64) Plan {
	p.Size = size
	return p
}

// Room is how many bytes the parts hold that the places allow; 0 = no limit.
func (p Plan) Room(places ...connectors.Traits) int64 {
	l := intersect(places)
	room := l.maxSize
	if l.count > 0 {
		last := p.Close(-1).Part(int(l.count))
		room = tighter(room, last.Offset+last.Size)
	}
	return room
}

// tiers bounds the sizes: doubled more often, a part is beyond any limit.
const tiers = 32

// tier finds the parts of one size that are enough: numbered after before, from
// start on, of size bytes each.
func (p Plan) tier(enough func(last int, start, end int64) bool) (last, before int, start, size int64) {
	size = p.PartSize
	for t := 1; ; t++ {
		last = before + p.Doubles
		end := start + int64(p.Doubles)*size
		if t == tiers || end < start || enough(last, start, end) {
			return last, before, start, size
		}
		before, start, size = last, end, 2*size
	}
}

// largest is the size of the part of that number; without a limit, of those that
// are not beyond all measure.
func (p Plan) largest(count int64) int64 {
	if count == 0 {
		count = int64(p.Doubles) + 1
	}
	return p.Close(-1).Part(int(count)).Size
}
