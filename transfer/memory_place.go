package transfer

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"gantry/connectors"
)

// A holder is a place that parts in memory are for, or come from. What the jobs of one
// place hold together leaves room for those of others, so that one that is slow or
// hangs does not stop them.
type holder struct {
	name   string
	held   int64
	hung   int64 // of calls that do not end
	active int   // shares that hold or want something
}

// at gives the holders of places. It needs the lock.
func (m *memory) at(places []string) (list []*holder) {
	for _, name := range places {
		h := m.places[name]
		if h == nil {
			h = &holder{name: name}
			m.places[name] = h
		}
		list = append(list, h)
	}
	return list
}

// most is what the jobs of the place may hold together: what there is for all, half of
// that where others want something too, and less while calls to it hang.
func (h *holder) most(m *memory) int64 {
	most := m.budget / 8 * forMore
	if m.holding > h.active {
		most /= 2
	}
	if h.hung > 0 {
		most = min(most, m.budget/4)
	}
	return most
}

// newcomer tells whether it is the first part of its job, and for a place that has none.
func (w *want) newcomer() bool {
	if w.share.held > 0 {
		return false
	}
	for _, h := range w.share.at {
		if h.held == 0 {
			return true
		}
	}
	return len(w.share.at) == 0
}

// fits tells whether the places of the part may hold it too. The first part of an
// urgent job may go beyond that, unless the place hangs.
func (w *want) fits() bool {
	for _, h := range w.share.at {
		if h.held == 0 || h.hung == 0 && w.urgent() {
			continue
		}
		if h.held+w.class > h.most(w.share.m) {
			return false
		}
	}
	return true
}

// taken is what counts of the memory in use: of that which calls hold that hang no more
// than half of the budget, so that they cannot stop everything.
func (m *memory) taken() int64 { return m.used - max(0, m.hung-m.budget/2) }

// bound is what may be in use with a part of that size, however many calls hang. One that
// is larger than the budget has all of it, beside what hangs.
func (m *memory) bound(class int64) int64 { return max(m.budget, class) + m.budget/2 }

// blocked tells whether what hangs leaves no room for such a part, whoever else gives
// back what he has.
func (m *memory) blocked(class int64) bool {
	return m.hung > 0 && m.hung+class > m.bound(class)
}

// hang counts a buffer that a call holds which does not end; below zero one that has.
func (s *share) hang(bytes int64) {
	s.m.hung += bytes
	for _, h := range s.at {
		h.hung += bytes
	}
}

// stuck is the error of a part that gets no memory for long because calls hang, to its
// place or to so many that nothing is left; nil if that is not why. It needs the lock.
func (w *want) stuck(waited time.Duration) error {
	m := w.share.m
	for _, h := range w.share.at {
		if h.hung > 0 && h.held+w.class > h.most(m) {
			return stuckAt(h.name, fmt.Errorf("calls to it do not end, and hold the memory that is there for its parts: waited for %s", waited))
		}
	}
	if m.blocked(w.class) {
		names := m.hanging()
		return stuckAt(names[0], fmt.Errorf("calls to it and others that do not end (%s) hold all of the memory that there is: waited for %s",
			strings.Join(names[:min(len(names), 5)], ", "), waited))
	}
	return nil
}

// hanging names the places whose calls hang, the one that holds the most first. It is
// never empty.
func (m *memory) hanging() []string {
	var list []*holder
	for _, h := range m.places {
		if h.hung > 0 {
			list = append(list, h)
		}
	}
	slices.SortFunc(list, func(a, b *holder) int { return cmp.Or(cmp.Compare(b.hung, a.hung), cmp.Compare(a.name, b.name)) })
	names := make([]string, len(list))
	for i, h := range list {
		names[i] = h.name
	}
	if len(names) == 0 {
		return []string{"a place"} // of shares that name none
	}
	return names
}

func stuckAt(place string, err error) error {
	return &connectors.Error{
		Kind: connectors.KindTimeout, Op: "take memory", Path: place, Err: err,
		Remedy: "find out why the place hangs, as a mount whose server is away; the job goes on when it is run again",
	}
}
