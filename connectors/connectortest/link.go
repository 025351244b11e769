package connectortest

import (
	"net"
	"sync"
	"testing"
	"time"
)

// A Link is what becomes of the connections that a test's way to a server carries:
// they can be cut, and they can stand still without anybody being told. Its methods
// may be called at once from many goroutines.
type Link struct {
	mu    sync.Mutex
	conns []net.Conn
	open  chan struct{} // closed while the link carries
	held  chan struct{} // told when bytes wait since it does not carry
}

// NewLink makes one that carries.
func NewLink() *Link {
	l := &Link{open: make(chan struct{}), held: make(chan struct{}, 1)}
	close(l.open)
	return l
}

// Connect adds a connection: its near end and its far one.
func (l *Link) Connect(near, far net.Conn) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.conns = append(l.conns, near, far)
}

// Connections counts those that were added since the last Cut.
func (l *Link) Connections() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.conns) / 2
}

// Await returns once the link carries. Who carries bytes asks before each of them.
func (l *Link) Await() {
	l.mu.Lock()
	open := l.open
	l.mu.Unlock()
	select {
	case <-open:
		return
	default:
	}
	select {
	case l.held <- struct{}{}:
	default:
	}
	<-open
}

// AwaitBlocked returns once bytes wait at a link that does not carry.
func (l *Link) AwaitBlocked(t *testing.T) {
	t.Helper()
	select {
	case <-l.held:
	case <-time.After(10 * time.Second):
		t.Error("nothing arrives at the link")
	}
}

// Cut resets all connections. New ones may be made.
func (l *Link) Cut() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, c := range l.conns {
		_ = c.Close()
	}
	l.conns = nil
}

// CutOne resets one connection, from 0 on.
func (l *Link) CutOne(n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, c := range l.conns[2*n : 2*n+2] {
		_ = c.Close()
	}
}

// Block stops the flow. It returns how to go on.
func (l *Link) Block() (release func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	shut := make(chan struct{})
	l.open = shut
	select {
	case <-l.held:
	default:
	}
	return sync.OnceFunc(func() { close(shut) })
}
