package link

import (
	"net"
	"testing"
	"time"
)

// TestLineForgetsConnections that are closed, and begins again with new ones.
func TestLineForgetsConnections(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	var line Line
	for range 2 {
		var conns []net.Conn
		for range 3 {
			c, err := net.Dial("tcp", l.Addr().String())
			if err != nil {
				t.Fatal(err)
			}
			raw, err := c.(*net.TCPConn).SyscallConn()
			if err != nil {
				t.Fatal(err)
			}
			line.join(raw, 40*time.Millisecond, true)
			conns = append(conns, c)
		}
		for _, c := range conns {
			if n := line.count(); n == 0 {
				t.Fatal("a connection that is open is forgotten")
			}
			_ = c.Close()
		}
		for began := time.Now(); line.count() > 0; time.Sleep(time.Millisecond) {
			if time.Since(began) > 10*time.Second {
				t.Fatal("connections that are closed are kept")
			}
		}
	}
}

func (l *Line) count() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.ways)
}
