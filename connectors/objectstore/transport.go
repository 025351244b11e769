package objectstore

import (
	"context"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"strconv"
	"sync"
	"time"

	"gantry/connectors/link"
)

// Limits bound what a transport does.
type Limits struct {
	// Stall ends a connection on which not one byte has moved for so long. A store
	// may be silent for minutes while it completes a large upload.
	Stall       time.Duration
	Connections int            // at once; 0 = no limit
	Authorities *x509.CertPool // nil for those of the system
	Congestion  link.Congestion
	Met         *Distance // learns how far away the store is; may be nil
}

// ReadLimits reads the options timeout, connections, caFile and congestion.
func ReadLimits(option func(name string) string) (l Limits, err error) {
	if l.Stall, err = time.ParseDuration(option("timeout")); err != nil || l.Stall <= 0 {
		return l, invalidOption("timeout", errors.New("it is no length of time"), "write it like 30s or 3m")
	}
	if l.Connections, err = strconv.Atoi(option("connections")); err != nil || l.Connections < 0 {
		return l, invalidOption("connections", errors.New("it is no number"), "write a number; 0 is no limit")
	}
	if l.Congestion, err = link.ReadCongestion(option("congestion")); err != nil {
		return l, err
	}
	l.Authorities, err = link.Authorities(option("caFile"))
	return l, err
}

// Transport makes connections for many parallel requests to one host. A stalled
// connection ends with a timeout.
func Transport(l Limits) *http.Transport {
	t := link.Transport(link.Dialer{Timeout: min(10*time.Second, l.Stall), Stall: l.Stall, Congestion: l.Congestion, Line: &link.Line{}}, link.TLS(l.Authorities))
	t.MaxConnsPerHost, t.ResponseHeaderTimeout = l.Connections, l.Stall
	dial := t.DialContext
	t.DialContext = func(ctx context.Context, network, addr string) (net.Conn, error) {
		c, err := dial(ctx, network, addr)
		if err != nil {
			return nil, err
		}
		l.Met.see(link.RoundTrip(c))
		return sender{c, newEnding()}, nil
	}
	return t
}

// A sender is a connection with a short way for bodies.
type sender struct {
	net.Conn
	*ending
}

// ReadFrom is how net/http sends a body: what can write itself is not copied, all
// else in larger steps than its own.
func (c sender) ReadFrom(r io.Reader) (int64, error) {
	n, err := c.readFrom(r)
	c.hear(err)
	return n, err
}

func (c sender) readFrom(r io.Reader) (int64, error) {
	if l, ok := r.(*io.LimitedReader); ok {
		if b, ok := l.R.(*body); ok {
			if n, ok, err := b.sendTo(onlyWriter{c.Conn}, l.N); ok {
				l.N -= n
				return n, err
			}
		}
	}
	buffer := sending.Get().(*[sendStep]byte)
	defer sending.Put(buffer)
	return io.CopyBuffer(onlyWriter{c.Conn}, r, buffer[:])
}

const sendStep = 128 << 10

var sending = sync.Pool{New: func() any { return new([sendStep]byte) }}

type onlyWriter struct{ io.Writer }
