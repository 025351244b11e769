package link

import (
	"errors"
	"net"
	"os"
	"sync"
	"time"
)

// Watch gives the connection with a watch: its calls fail with a timeout once no byte
// has moved, in either direction, for the time of stall while they waited. What the
// caller sets as a deadline does not count.
func Watch(c net.Conn, stall time.Duration) net.Conn {
	return &watched{Conn: c, stall: stall, now: time.Now}
}

type watched struct {
	net.Conn
	stall time.Duration
	now   func() time.Time // of the system, whose clock deadlines go by
	mu    sync.Mutex
	until time.Time
}

// extend moves the deadline when it has come noticeably nearer, which is far
// cheaper than at each call.
func (c *watched) extend() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	next := c.now().Add(c.stall)
	if next.Sub(c.until) < min(time.Second, c.stall/8) {
		return nil
	}
	c.until = next
	return c.SetDeadline(next)
}

func (c *watched) Read(p []byte) (int, error) {
	if err := c.extend(); err != nil {
		return 0, err
	}
	n, err := c.Conn.Read(p)
	if err == nil {
		err = c.extend()
	}
	return n, err
}

// Write goes on after a time-out in which some bytes have moved.
func (c *watched) Write(p []byte) (n int, err error) {
	for {
		if err := c.extend(); err != nil {
			return n, err
		}
		sent, err := c.Conn.Write(p[n:])
		n += sent
		if err == nil || sent == 0 || !errors.Is(err, os.ErrDeadlineExceeded) {
			return n, err
		}
	}
}
