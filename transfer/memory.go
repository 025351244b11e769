package transfer

import (
	"context"
	"math/bits"
	"sync"
)

// memory holds the parts that are on their way, within a budget for all jobs. A
// part that is larger than the budget gets all of it alone.
type memory struct {
	mu     sync.Mutex
	budget int64
	used   int64
	idle   map[int64][][]byte // by capacity, to be used again
	kept   int64              // bytes in idle
	shares int
	change chan struct{} // closed when something is given back
}

func newMemory(budget int64) *memory {
	return &memory{budget: budget, idle: map[int64][][]byte{}, change: make(chan struct{})}
}

// A share is what one job holds of the memory. A quarter of the budget is for
// jobs that hold nothing yet, so that one with a dead destination does not stop
// the others.
type share struct {
	m     *memory
	limit int64 // bytes of the job; its first part is always admitted
	held  int64
}

func (m *memory) share(limit int64) *share {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.shares++
	return &share{m: m, limit: limit}
}

// grow lets the job hold so much more.
func (s *share) grow(bytes int64) {
	s.m.mu.Lock()
	defer s.m.mu.Unlock()
	s.limit += bytes
	close(s.m.change)
	s.m.change = make(chan struct{})
}

// take waits for room and gives a buffer of size bytes.
func (s *share) take(ctx context.Context, size int64) (*piece, error) {
	class := classOf(size)
	for {
		s.m.mu.Lock()
		if s.admits(class) {
			s.held += class
			s.m.used += class
			data := s.m.get(class)
			s.m.mu.Unlock()
			return newPiece(s, data[:size]), nil
		}
		change := s.m.change
		s.m.mu.Unlock()
		select {
		case <-change:
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
}

func (s *share) admits(class int64) bool {
	free := s.m.budget - s.m.used
	if s.held == 0 {
		return class <= free || s.m.used == 0
	}
	return s.held+class <= s.limit && class <= free-s.m.budget/4
}

// giveBack takes a buffer in. One that somebody may still read (spoiled) is left
// to its reader for ever.
func (s *share) giveBack(data []byte, spoiled bool) {
	class := classOf(int64(len(data)))
	s.m.mu.Lock()
	defer s.m.mu.Unlock()
	s.held -= class
	s.m.used -= class
	if !spoiled {
		s.m.put(class, data[:class])
	}
	close(s.m.change)
	s.m.change = make(chan struct{})
}

// end is called when the job has. Memory that nobody uses goes back to the system.
func (s *share) end() {
	s.m.mu.Lock()
	defer s.m.mu.Unlock()
	if s.m.shares--; s.m.shares == 0 {
		s.m.evict(large)
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
