package objectstore

import (
	"errors"
	"sync"
	"syscall"
	"time"
)

// hearing is how long an answer is waited for after the store has closed the connection
// under a body. It has sent one before, if it has any.
const hearing = time.Second

// An ending is when nothing more comes over a connection.
type ending struct {
	once sync.Once
	done chan struct{}
}

func newEnding() *ending { return &ending{done: make(chan struct{})} }

func (e *ending) over() { e.once.Do(func() { close(e.done) }) }

// hear holds back that a store has closed the connection until what it had answered is
// read: a store may refuse a body before it has read it, and net/http throws an answer
// away of which it hears after the failure to write.
func (e *ending) hear(err error) {
	if !errors.Is(err, syscall.ECONNRESET) && !errors.Is(err, syscall.EPIPE) {
		return
	}
	wait := time.NewTimer(hearing)
	defer wait.Stop()
	select {
	case <-e.done:
	case <-wait.C:
	}
}

// Read notes that nothing more comes.
func (c sender) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if err != nil {
		c.over()
	}
	return n, err
}

// Write is for what does not come through ReadFrom: headers, and all of TLS.
func (c sender) Write(p []byte) (int, error) {
	n, err := c.Conn.Write(p)
	c.hear(err)
	return n, err
}

// Close ends the waiting.
func (c sender) Close() error {
	c.over()
	return c.Conn.Close()
}
