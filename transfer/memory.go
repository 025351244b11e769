package transfer

import (
	"context"
	"maps"
	"math/bits"
	"sync"
	"time"

	"gantry/transfer/schedule"
)

// memory holds the parts that are on their way, within a budget for all jobs. A
// part that is larger than what it may have gets all of it alone.
type memory struct {
	mu      sync.Mutex
	budget  int64
	patient time.Duration // how long a part waits whose place hangs
	used    int64
	hung    int64              // of used, what calls hold that do not end
	idle    map[int64][][]byte // by capacity, to be used again
	kept    int64              // bytes in idle
	shares  int
	holding int // shares that hold or want something
	waiting []*want
	places  map[string]*holder
}

func newMemory(budget int64, patient time.Duration) *memory {
	return &memory{budget: budget, patient: patient, idle: map[int64][][]byte{}, places: map[string]*holder{}}
}

// A share is what one job holds of the memory, or one delivery that reads by itself.
type share struct {
	m      *memory
	ticket *schedule.Ticket // nil for one of normal priority
	limit  int64            // bytes; its first part is always admitted
	held   int64
	wants  int
	at     []*holder // of its places
}

func (m *memory) share(limit int64, t *schedule.Ticket, places ...string) *share {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.shares++
	return &share{m: m, limit: limit, ticket: t, at: m.at(places)}
}

// grow lets the job hold so much more.
func (s *share) grow(bytes int64) {
	s.m.mu.Lock()
	defer s.m.mu.Unlock()
	s.limit += bytes
	s.m.serve()
}

// take waits for room and gives a buffer of size bytes.
func (s *share) take(ctx context.Context, size int64) (*piece, error) {
	w := &want{share: s, class: classOf(size), ready: make(chan struct{})}
	s.m.mu.Lock()
	s.m.enter(w)
	s.m.serve()
	s.m.mu.Unlock()
	select {
	case <-w.ready:
		return newPiece(s, w.data[:size]), nil
	default:
	}
	if s.ticket != nil {
		defer s.ticket.Note("waits for memory")()
	}
	tick := time.NewTicker(s.m.patient)
	defer tick.Stop()
	for {
		select {
		case <-w.ready:
			return newPiece(s, w.data[:size]), nil
		case <-tick.C:
			if err := s.m.giveUp(w); err != nil {
				return nil, err
			}
		case <-ctx.Done():
			s.m.mu.Lock()
			given := !s.m.leave(w)
			s.m.mu.Unlock()
			if given {
				s.giveBack(w.data, false)
			}
			return nil, context.Cause(ctx)
		}
	}
}

// giveBack takes a buffer in, which nobody reads any more. hung says that it was counted
// as one of a call that does not end.
func (s *share) giveBack(data []byte, hung bool) {
	class := classOf(int64(len(data)))
	s.m.mu.Lock()
	defer s.m.mu.Unlock()
	if hung {
		s.hang(-class)
	}
	s.add(-class)
	s.m.put(class, data[:class])
	if s.m.shares == 0 {
		s.m.evict(large)
	}
	s.m.serve()
}

// end is called when the job has. Memory that nobody uses goes back to the system.
func (s *share) end() {
	s.m.mu.Lock()
	defer s.m.mu.Unlock()
	if s.m.shares--; s.m.shares == 0 {
		s.m.evict(large)
		maps.DeleteFunc(s.m.places, func(_ string, h *holder) bool { return h.held == 0 && h.active == 0 })
	}
}

func (m *memory) get(class int64) []byte {
	if list := m.idle[class]; len(list) > 0 {
		data := list[len(list)-1]
		m.idle[class] = list[:len(list)-1]
		m.kept -= class
		return data
	}
	if m.used+m.kept > m.budget {
		m.evict(0)
	}
	return allocate(class)
}

func (m *memory) put(class int64, data []byte) {
	m.idle[class] = append(m.idle[class], data)
	m.kept += class
}

// evict frees what is idle and at least so large.
func (m *memory) evict(least int64) {
	for class, list := range m.idle {
		if class < least {
			continue
		}
		for _, data := range list {
			release(data)
		}
		m.kept -= class * int64(len(list))
		delete(m.idle, class)
	}
}

// large buffers are mapped, outside of the collected heap, which would otherwise
// grow to twice their size.
const large = 1 << 20

// classOf rounds a size up, so that buffers fit again: to a power of two, above
// 1 MiB to whole MiB.
func classOf(size int64) int64 {
	if size > large {
		return (size + large - 1) / large * large
	}
	return 1 << bits.Len64(uint64(max(size, 4096)-1))
}
