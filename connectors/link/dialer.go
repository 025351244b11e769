package link

import (
	"cmp"
	"context"
	"fmt"
	"net"
	"time"

	"gantry/connectors/guard"
)

// A Dialer connects to servers over TCP. The zero Dialer serves. It may be used by
// many goroutines at once.
type Dialer struct {
	Timeout    time.Duration // that connecting may take; 0 = 10 s
	Stall      time.Duration // what was sent and is not acknowledged for so long breaks the connection; 0 = as the system has it
	Bounded    bool          // every reading and writing has a deadline of its own, so that nobody need be asked whether he is still there
	Congestion Congestion
	Line       *Line         // whose pace the connections of a long way keep to; nil leaves each to itself
	Guard      *guard.Guard  // nil lets everything be reached
	Resolver   *net.Resolver // nil is the system's
}

// Dial connects. What it gives is a *net.TCPConn, unless the network is another than
// tcp.
func (d Dialer) Dial(ctx context.Context, network, address string) (net.Conn, error) {
	// Small writes go out at once: Go sets TCP_NODELAY by itself.
	n := net.Dialer{Timeout: cmp.Or(d.Timeout, 10*time.Second), Resolver: d.Resolver, KeepAlive: -1}
	if !d.Bounded {
		n.KeepAliveConfig = net.KeepAliveConfig{Enable: true, Idle: 15 * time.Second, Interval: 10 * time.Second, Count: 6}
	}
	dial := n.DialContext
	if d.Guard != nil {
		dial = d.Guard.Dial(n)
	}
	c, err := dial(ctx, network, address)
	if err != nil {
		return nil, err
	}
	if t, ok := c.(*net.TCPConn); ok {
		if err := d.prepare(t); err != nil {
			_ = c.Close()
			return nil, fmt.Errorf("connect to %s: %w", address, err)
		}
	}
	return c, nil
}
