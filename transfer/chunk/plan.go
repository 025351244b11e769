// Package chunk decides into which parts a file is cut: by its size, by the size
// that is wished for a part, and by what the destinations take. The wish depends on
// the day, so a run keeps its plan, and a later one takes it up.
package chunk

import (
	"fmt"
	"iter"
	"math"

	"gantry/connectors"
)

// Preferred is the part size where nothing speaks for another one: six parts in
// memory stay below 100 MiB, and 10,000 parts reach 156 GiB.
const Preferred int64 = 16 << 20

// A Plan cuts Size bytes into parts of PartSize; the last one may be shorter. A
// file of zero bytes has no parts. Where the size was not known when the plan was
// made, the part size may double from time to time; see [Open].
type Plan struct {
	Size     int64 `json:"size"` // bytes; below zero while it is not known
	PartSize int64 `json:"partSize"`
	Doubles  int   `json:"doubles,omitempty"` // after so many parts the size doubles, and again after as many; 0 = never
}

// New plans size bytes for all places at once. The part size is preferred (below
// 1: Preferred), raised in steps of 1 MiB until the places' limits are met.
// KindInvalid if no part size suits all of them.
func New(size, preferred int64, places ...connectors.Traits) (Plan, error) {
	if size < 0 {
		return Plan{}, connectors.Errorf(connectors.KindInvalid, "plan parts", fmt.Sprint(size), "the size is negative")
	}
	if preferred < 1 {
		preferred = Preferred
	}
	l := intersect(places)
	if l.maxSize > 0 && size > l.maxSize {
		return Plan{}, refuse(size, fmt.Sprintf("a destination takes at most %d bytes a file", l.maxSize), "split the file, or send it elsewhere")
	}
	part := max(preferred, l.min)
	if least := l.leastFor(size); least > part {
		part = (least + step - 1) / step * step
	}
	if l.max > 0 {
		part = min(part, l.max)
	}
	p := Plan{Size: size, PartSize: part}
	if !l.allow(p) {
		return Plan{}, refuse(size, "no part size suits all destinations: "+l.String(), "send to them in separate jobs")
	}
	return p, nil
}

const step = 1 << 20

func refuse(size int64, why, remedy string) error {
	return &connectors.Error{
		Kind: connectors.KindInvalid, Op: "plan parts", Path: fmt.Sprintf("%d bytes", size), Err: fmt.Errorf("%s", why), Remedy: remedy,
	}
}

// Fits tells whether the plan, made at another time or for others, keeps within
// the limits of all these places.
func (p Plan) Fits(places ...connectors.Traits) bool {
	l := intersect(places)
	return p.PartSize > 0 && p.Doubles >= 0 && l.allow(p) && (l.maxSize == 0 || p.Size <= l.maxSize)
}

// Count is the number of parts; while the size is not known, as many as there can
// be.
func (p Plan) Count() int {
	switch {
	case p.Size == 0:
		return 0
	case p.Size < 0:
		return math.MaxInt32
	case p.Doubles == 0:
		return int((p.Size-1)/p.PartSize) + 1
	}
	_, before, start, size := p.tier(func(_ int, _, end int64) bool { return p.Size <= end })
	return before + int((p.Size-start-1)/size) + 1
}

// Part is the part of that number, from 1 to Count.
func (p Plan) Part(number int) connectors.Part {
	offset, size := int64(number-1)*p.PartSize, p.PartSize
	if p.Doubles > 0 {
		_, before, start, larger := p.tier(func(last int, _, _ int64) bool { return number <= last })
		offset, size = start+int64(number-1-before)*larger, larger
	}
	if p.Size >= 0 {
		size = min(size, p.Size-offset)
	}
	return connectors.Part{Number: number, Offset: offset, Size: size}
}

// All yields the parts in ascending order, without an end while the size is not
// known.
func (p Plan) All() iter.Seq[connectors.Part] {
	return func(yield func(connectors.Part) bool) {
		for n := 1; n <= p.Count(); n++ {
			if !yield(p.Part(n)) {
				return
			}
		}
	}
}
