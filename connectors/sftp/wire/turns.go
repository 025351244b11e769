package wire

import "sync"

// turns have requests sent in the order in which they were started, although each
// is made by a goroutine of its own: servers read ahead, and some store what comes
// one after the other.
type turns struct {
	mu     sync.Mutex
	last   *turn
	kind   byte
	offset int64
	now    *turn // whose request of this kind and offset is sent next
}

// A turn is over when its request was sent.
type turn struct {
	once sync.Once
	done chan struct{}
}

func (t *turn) over() { t.once.Do(func() { close(t.done) }) }

// take gives the end of the turn before, and the next one.
func (t *turns) take() (before <-chan struct{}, mine *turn) {
	t.mu.Lock()
	defer t.mu.Unlock()
	mine = &turn{done: make(chan struct{})}
	if t.last == nil {
		t.last = &turn{done: make(chan struct{})}
		t.last.over()
	}
	before, t.last = t.last.done, mine
	return before, mine
}

// expect is called by whose turn it is.
func (t *turns) expect(kind byte, offset int64, mine *turn) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.kind, t.offset, t.now = kind, offset, mine
}

// of gives what ends the turn that the packet with this head belongs to.
func (t *turns) of(head []byte) func() {
	if len(head) < 9 || head[4] != packetRead && head[4] != packetWrite {
		return nil
	}
	r := reader{rest: head[9:]}
	r.bytes() // the handle
	offset := int64(r.uint64())
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.now == nil || r.bad || head[4] != t.kind || offset != t.offset {
		return nil // the rest of a request that was answered in part
	}
	return t.now.over
}
