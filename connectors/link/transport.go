package link

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"time"
)

// Transport makes HTTP connections for many parallel requests to few hosts, and keeps
// them for the next ones. It speaks HTTP/1.1, so that parts that are sent side by side
// have a connection each: in HTTP/2 they would share one, with one congestion window
// and all of them waiting for each lost packet. A connection on which nothing moves for
// the dialer's Stall ends with a timeout.
func Transport(d Dialer, t *tls.Config) *http.Transport {
	return &http.Transport{
		Proxy:               http.ProxyFromEnvironment,
		TLSClientConfig:     t,
		DialContext:         d.watchedDial,
		MaxIdleConnsPerHost: 256,
		IdleConnTimeout:     90 * time.Second,
		TLSHandshakeTimeout: 10 * time.Second,
		WriteBufferSize:     128 << 10,
		ReadBufferSize:      128 << 10,
		DisableCompression:  true,
	}
}

func (d Dialer) watchedDial(ctx context.Context, network, address string) (net.Conn, error) {
	c, err := d.Dial(ctx, network, address)
	if err != nil || d.Stall <= 0 {
		return c, err
	}
	return Watch(c, d.Stall), nil
}
