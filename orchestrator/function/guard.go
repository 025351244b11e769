package function

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"time"

	"gantry/connectors/guard"
)

// GuardedClient makes an HTTP client for addresses that documents name. It refuses
// to connect to this machine, to private networks and to link-local addresses,
// whatever a name resolves to at that moment, unless the address is in allow.
// A redirect to another host, or out of TLS, goes without credentials and own
// headers, and not at all with a body.
func GuardedClient(allow []netip.Prefix) *http.Client {
	g := guard.Guard{Allow: guard.Allowed{Networks: allow}}
	return &http.Client{
		Timeout: time.Minute,
		Transport: &http.Transport{
			DialContext: guarded(g), TLSHandshakeTimeout: 10 * time.Second, ResponseHeaderTimeout: 50 * time.Second,
			MaxIdleConnsPerHost: 4, IdleConnTimeout: time.Minute, ForceAttemptHTTP2: true, MaxResponseHeaderBytes: 64 << 10,
		},
		CheckRedirect: redirect,
	}
}

// errRedirect is a redirect that is not followed. Trying again changes nothing.
var errRedirect = errors.New("a redirect is not followed")

// redirect lets nothing go along to another host but the address.
func redirect(next *http.Request, via []*http.Request) error {
	if len(via) >= 5 {
		return fmt.Errorf("%w: it is the sixth", errRedirect)
	}
	first := via[0].URL
	if next.URL.Host == first.Host && (next.URL.Scheme == first.Scheme || next.URL.Scheme == "https") {
		return nil
	}
	if next.Body != nil && next.Body != http.NoBody {
		return fmt.Errorf("%w: it takes the body to %s: call that address if it is right", errRedirect, next.URL.Host)
	}
	next.Header = http.Header{}
	return nil
}

// errInner is an address that is not called. Trying again changes nothing.
var errInner = errors.New("allow it with --allow-net if a workflow may call it")

// guarded connects to nothing that the guard refuses, and says how to allow it.
func guarded(g guard.Guard) func(ctx context.Context, network, address string) (net.Conn, error) {
	dial := g.Dial(net.Dialer{Timeout: 10 * time.Second})
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		c, err := dial(ctx, network, address)
		if errors.Is(err, guard.ErrInner) {
			return nil, fmt.Errorf("%w: %w", err, errInner)
		}
		return c, err
	}
}
