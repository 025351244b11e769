package management

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"time"
)

// A Listener waits for one ascp to dial in, on a port of the loopback that the
// system chose.
type Listener struct{ tcp *net.TCPListener }

// Listen opens the port.
func Listen() (*Listener, error) {
	l, err := net.ListenTCP("tcp4", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		return nil, fmt.Errorf("listen for ascp: %w", err)
	}
	return &Listener{tcp: l}, nil
}

// Port is what ascp's option -M takes.
func (l *Listener) Port() int { return l.tcp.Addr().(*net.TCPAddr).Port }

// ErrEnded says that ascp has ended and nobody had dialled in.
var ErrEnded = errors.New("ascp has ended")

// step is how long one look at the port takes.
const step = 50 * time.Millisecond

// Accept returns the connection that a process group makes, and closes the port.
// Those of other processes are closed, where the system tells whose they are. Of an
// ascp that was so quick that it has hung up before it could be looked at, what it
// said can be read once it has exited. ErrEnded if it did so without a word,
// os.ErrDeadlineExceeded if it is silent for the given time.
func (l *Listener) Accept(ctx context.Context, group int, exited <-chan struct{}, within time.Duration) (net.Conn, error) {
	defer l.Close()
	var quick net.Conn
	for until := time.Now().Add(within); ; {
		gone := isClosed(exited) // asked before the look, so that nothing slips between the two
		if quick != nil && ownerOf(quick, group) == ours {
			return quick, nil // the system's table had not shown it at first
		}
		c, whose, err := l.look(group)
		switch {
		case ctx.Err() != nil:
			return nil, errors.Join(context.Cause(ctx), hangUp(c), hangUp(quick))
		case err == nil && whose == ours:
			return c, hangUp(quick)
		case err == nil && whose == unknown && quick == nil:
			quick = c
		case err == nil:
			_ = hangUp(c)
		case !errors.Is(err, os.ErrDeadlineExceeded):
			return nil, errors.Join(err, hangUp(quick))
		case gone && quick != nil:
			return quick, nil
		case gone:
			return nil, ErrEnded
		case time.Now().After(until):
			return nil, errors.Join(fmt.Errorf("ascp did not report within %s: %w", within, os.ErrDeadlineExceeded), hangUp(quick))
		}
	}
}

// look waits for a step for somebody to dial in, and tells whose process it is.
func (l *Listener) look(group int) (net.Conn, owner, error) {
	if err := l.tcp.SetDeadline(time.Now().Add(step)); err != nil {
		return nil, unknown, err
	}
	c, err := l.tcp.Accept()
	if err != nil {
		return nil, unknown, err
	}
	return c, ownerOf(c, group), nil
}

func hangUp(c net.Conn) error {
	if c != nil {
		c.Close()
	}
	return nil
}

func isClosed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

// An owner tells whose the other end of a connection is.
type owner int

const (
	unknown owner = iota // it has hung up already
	ours
	stranger
)

// Close gives the port back. It may be called again.
func (l *Listener) Close() error { return l.tcp.Close() }
