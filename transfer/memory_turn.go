package transfer

import (
	"slices"

	"gantry/transfer/schedule"
)

// A want is a part that waits for memory.
type want struct {
	share *share
	class int64
	ready chan struct{} // closed once there is data
	data  []byte
}

// What may be taken of the budget, in eighths: the parts of a place leave room for the
// first part of another place, and all of them leave room for those of urgent jobs.
const (
	forMore     = 6
	forNewcomer = 7
	forUrgent   = 8
)

// may is how much of the budget may be used once the part is admitted.
func (w *want) may() int64 {
	switch {
	case w.urgent():
		return w.share.m.budget / 8 * forUrgent
	case w.newcomer():
		return w.share.m.budget / 8 * forNewcomer
	default:
		return w.share.m.budget / 8 * forMore
	}
}

// urgent tells whether it is the first part of an urgent job.
func (w *want) urgent() bool { return w.share.held == 0 && w.level() >= schedule.Urgent }

func (w *want) level() schedule.Priority {
	if w.share.ticket == nil {
		return schedule.Normal
	}
	return w.share.ticket.Level()
}

func (m *memory) enter(w *want) {
	m.waiting = append(m.waiting, w)
	if w.share.wants++; w.share.wants == 1 && w.share.held == 0 {
		w.share.active(1)
	}
}

// active counts a share that begins or, by -1, ends to hold or want something.
func (s *share) active(by int) {
	s.m.holding += by
	for _, h := range s.at {
		h.active += by
	}
}

// giveUp ends the waiting of a part whose place hangs, with an error.
func (m *memory) giveUp(w *want) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	err := w.stuck(m.patient)
	if err == nil || !m.leave(w) {
		return nil
	}
	return err
}

// leave is for one that waits no longer. It is false if it has been served.
func (m *memory) leave(w *want) bool {
	i := slices.Index(m.waiting, w)
	if i < 0 {
		return false
	}
	m.waiting = slices.Delete(m.waiting, i, i+1)
	if w.share.wants--; w.share.wants == 0 && w.share.held == 0 {
		w.share.active(-1)
	}
	return true
}

// serve admits whom it can: the highest priority first, then places that have nothing,
// and then the job that holds the least.
func (m *memory) serve() {
	for len(m.waiting) > 0 {
		w := m.next()
		if w == nil {
			return
		}
		m.leave(w)
		w.share.add(w.class)
		w.data = m.get(w.class)
		close(w.ready)
	}
}

// next finds one that may be admitted. One that is too large for what it may have is
// waited for by those behind it, until all of the memory is free but for what hangs.
func (m *memory) next() *want {
	ranked := m.waiting
	if len(ranked) > 1 {
		ranked = m.ranked()
	}
	for _, w := range ranked {
		if m.blocked(w.class) || !m.allows(w) {
			continue
		}
		switch may := w.may(); {
		case m.used+w.class > m.bound(w.class):
		case m.used == m.hung || m.taken()+w.class <= may:
			return w
		case w.class > may:
			return nil
		}
	}
	return nil
}

func (m *memory) ranked() []*want {
	list := slices.Clone(m.waiting)
	levels := make(map[*want]schedule.Priority, len(list))
	for _, w := range list {
		levels[w] = w.level()
	}
	slices.SortStableFunc(list, func(a, b *want) int {
		if levels[a] != levels[b] {
			return int(levels[b] - levels[a])
		}
		if x, y := a.newcomer(), b.newcomer(); x != y {
			return map[bool]int{true: -1, false: 1}[x]
		}
		return int(min(max(a.share.held-b.share.held, -1), 1))
	})
	return list
}

// allows tells whether the job keeps within its limit, and within what is fair where
// others want something too.
func (m *memory) allows(w *want) bool {
	return w.fits() && (w.share.held == 0 || w.share.held+w.class <= w.share.fair(w.class))
}

// fair is what a job may hold now, of parts of that size. It needs the lock.
func (s *share) fair(class int64) int64 {
	fair := min(s.limit, s.m.budget/8*forMore)
	if s.m.holding > 1 {
		fair = min(fair, max(s.m.budget/8*forMore/int64(s.m.holding), 2*class))
	}
	return fair
}

// fits is how many parts of that size the job may hold now.
func (s *share) fits(size int64) int64 {
	s.m.mu.Lock()
	defer s.m.mu.Unlock()
	class := classOf(size)
	return max(1, s.fair(class)/class)
}

// add needs the lock.
func (s *share) add(class int64) {
	before := s.held > 0 || s.wants > 0
	s.held += class
	s.m.used += class
	for _, h := range s.at {
		h.held += class
	}
	switch after := s.held > 0 || s.wants > 0; {
	case after && !before:
		s.active(1)
	case before && !after:
		s.active(-1)
	}
}
