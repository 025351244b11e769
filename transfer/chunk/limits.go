package chunk

import (
	"fmt"

	"gantry/connectors"
)

// limits are what several places demand at once; 0 is no limit.
type limits struct {
	min, max int64 // bytes of a part
	count    int64 // parts
	maxSize  int64 // bytes of a file
	equal    bool  // all parts but the last have the same size
}

func intersect(places []connectors.Traits) (l limits) {
	for _, t := range places {
		l.min = max(l.min, t.MinPart)
		l.max = tighter(l.max, t.MaxPart)
		l.count = tighter(l.count, int64(t.MaxParts))
		l.maxSize = tighter(l.maxSize, t.MaxSize)
		l.equal = l.equal || t.EqualParts
	}
	return l
}

func tighter(a, b int64) int64 {
	if a <= 0 || b > 0 && b < a {
		return max(b, 0)
	}
	return a
}

// leastFor is the smallest part size that keeps within the number of parts.
func (l limits) leastFor(size int64) int64 {
	if l.count == 0 || size == 0 {
		return 0
	}
	return (size-1)/l.count + 1
}

// allow leaves the minimum out where there is one part only: the last part may
// have any size.
func (l limits) allow(p Plan) bool {
	if l.equal && p.Doubles > 0 && (p.Open() || p.Count() > p.Doubles) {
		return false
	}
	if p.Open() {
		return p.PartSize >= l.min && (l.max == 0 || p.largest(l.count) <= l.max)
	}
	largest := min(p.PartSize, p.Size)
	if n := p.Count(); p.Doubles > 0 && n > p.Doubles {
		largest = max(p.Part(n-1).Size, p.Part(n).Size)
	}
	return (p.PartSize >= l.min || p.Size <= p.PartSize) &&
		(l.max == 0 || largest <= l.max) &&
		(l.count == 0 || int64(p.Count()) <= l.count)
}

func (l limits) String() string {
	text := fmt.Sprintf("together they want parts of at least %d bytes", l.min)
	if l.max > 0 {
		text += fmt.Sprintf(" and at most %d", l.max)
	}
	if l.count > 0 {
		text += fmt.Sprintf(", and no more than %d of them", l.count)
	}
	return text
}
