package objectstore

import (
	"context"
	"net"
	"net/http"
	"sync"
	"time"
)

// stallTimeout ends a connection on which not one byte has moved for so long. It
// is longer than a store takes to complete a large upload.
const stallTimeout = 3 * time.Minute

// Transport makes connections for many parallel requests to one host. A stalled
// connection ends with a timeout.
func Transport() *http.Transport {
	dialer := &net.Dialer{Timeout: 10 * time.Second, KeepAlive: 15 * time.Second}
	return &http.Transport{
		Proxy: http.ProxyFromEnvironment,
		DialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
			c, err := dialer.DialContext(ctx, network, addr)
			if err != nil {
				return nil, err
			}
			return &watched{Conn: c}, nil
		},
		MaxIdleConnsPerHost:   256,
		IdleConnTimeout:       90 * time.Second,
		TLSHandshakeTimeout:   10 * time.Second,
		ResponseHeaderTimeout: stallTimeout,
		WriteBufferSize:       128 << 10,
		ReadBufferSize:        128 << 10,
		DisableCompression:    true,
	}
}

// A watched connection fails when nothing moves in either direction.
type watched struct {
	net.Conn
	mu    sync.Mutex
	until time.Time
}

// extend moves the deadline when it has come noticeably nearer, which is far
// cheaper than at each call.
func (c *watched) extend() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	next := time.Now().Add(stallTimeout)
	if next.Sub(c.until) < time.Second {
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
