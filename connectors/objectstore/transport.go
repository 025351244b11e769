package objectstore

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"strconv"
	"sync"
	"time"
)

// Limits bound what a transport does.
type Limits struct {
	// Stall ends a connection on which not one byte has moved for so long. A store
	// may be silent for minutes while it completes a large upload.
	Stall       time.Duration
	Connections int            // at once; 0 = no limit
	Authorities *x509.CertPool // nil for those of the system
}

// ReadLimits reads the options timeout, connections and caFile.
func ReadLimits(option func(name string) string) (l Limits, err error) {
	if l.Stall, err = time.ParseDuration(option("timeout")); err != nil || l.Stall <= 0 {
		return l, invalidOption("timeout", errors.New("it is no length of time"), "write it like 30s or 3m")
	}
	if l.Connections, err = strconv.Atoi(option("connections")); err != nil || l.Connections < 0 {
		return l, invalidOption("connections", errors.New("it is no number"), "write a number; 0 is no limit")
	}
	l.Authorities, err = Authorities(option("caFile"))
	return l, err
}

// Transport makes connections for many parallel requests to one host. A stalled
// connection ends with a timeout.
func Transport(l Limits) *http.Transport {
	dialer := &net.Dialer{Timeout: min(10*time.Second, l.Stall), KeepAlive: 15 * time.Second}
	return &http.Transport{
		Proxy:           http.ProxyFromEnvironment,
		TLSClientConfig: &tls.Config{RootCAs: l.Authorities, MinVersion: tls.VersionTLS12},
		MaxConnsPerHost: l.Connections,
		DialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
			c, err := dialer.DialContext(ctx, network, addr)
			if err != nil {
				return nil, err
			}
			return &watched{Conn: c, stall: l.Stall}, nil
		},
		MaxIdleConnsPerHost:   256,
		IdleConnTimeout:       90 * time.Second,
		TLSHandshakeTimeout:   10 * time.Second,
		ResponseHeaderTimeout: l.Stall,
		WriteBufferSize:       128 << 10,
		ReadBufferSize:        128 << 10,
		DisableCompression:    true,
	}
}

// A watched connection fails when nothing moves in either direction.
type watched struct {
	net.Conn
	stall time.Duration
	mu    sync.Mutex
	until time.Time
}

// extend moves the deadline when it has come noticeably nearer, which is far
// cheaper than at each call.
func (c *watched) extend() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	next := time.Now().Add(c.stall)
	if next.Sub(c.until) < min(time.Second, c.stall/8) {
		return nil
	}
	c.until = next
	return c.Conn.SetDeadline(next)
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

func (c *watched) Write(p []byte) (int, error) {
	if err := c.extend(); err != nil {
		return 0, err
	}
	return c.Conn.Write(p)
}

// ReadFrom is how net/http sends a body: what can write itself is not copied, all
// else in larger steps than its own.
func (c *watched) ReadFrom(r io.Reader) (int64, error) {
	if l, ok := r.(*io.LimitedReader); ok {
		if b, ok := l.R.(*body); ok {
			if n, ok, err := b.sendTo(onlyWriter{c}, l.N); ok {
				l.N -= n
				return n, err
			}
		}
	}
	buffer := sending.Get().(*[sendStep]byte)
	defer sending.Put(buffer)
	return io.CopyBuffer(onlyWriter{c}, r, buffer[:])
}

const sendStep = 128 << 10

var sending = sync.Pool{New: func() any { return new([sendStep]byte) }}

type onlyWriter struct{ io.Writer }
