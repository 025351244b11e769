package function

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"syscall"
	"time"
)

// GuardedClient makes an HTTP client for addresses that documents name. It refuses
// to connect to this machine, to private networks and to link-local addresses,
// whatever a name resolves to at that moment, unless the address is in allow.
// A redirect to another host, or out of TLS, goes without credentials and own
// headers, and not at all with a body.
func GuardedClient(allow []netip.Prefix) *http.Client {
	dialer := &net.Dialer{
		Timeout: 10 * time.Second,
		ControlContext: func(_ context.Context, _, address string, _ syscall.RawConn) error {
			return guard(allow, address)
		},
	}
	return &http.Client{
		Timeout: time.Minute,
		Transport: &http.Transport{
			DialContext: dialer.DialContext, TLSHandshakeTimeout: 10 * time.Second, ResponseHeaderTimeout: 50 * time.Second,
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
var errInner = errors.New("an inner address: allow it with --allow-net if a workflow may call it")

// alsoPrivate are as private as those that netip knows: networks of carriers and of
// benchmarks, and IPv6 addresses that carry an IPv4 one.
var alsoPrivate = []netip.Prefix{
	netip.MustParsePrefix("100.64.0.0/10"), netip.MustParsePrefix("198.18.0.0/15"), netip.MustParsePrefix("192.0.0.0/24"),
	netip.MustParsePrefix("240.0.0.0/4"), netip.MustParsePrefix("0.0.0.0/8"), netip.MustParsePrefix("::/96"),
	netip.MustParsePrefix("64:ff9b::/96"), netip.MustParsePrefix("64:ff9b:1::/48"), netip.MustParsePrefix("2001::/32"), netip.MustParsePrefix("2002::/16"), netip.MustParsePrefix("fec0::/10"),
}

func guard(allow []netip.Prefix, address string) error {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return err
	}
	ip, err := netip.ParseAddr(host)
	if err != nil {
		return err
	}
	ip = ip.Unmap().WithZone("")
	for _, prefix := range allow {
		if prefix.Contains(ip) {
			return nil
		}
	}
	private := ip.IsLoopback() || ip.IsPrivate() || ip.IsLinkLocalUnicast() || ip.IsMulticast() || ip.IsUnspecified()
	for _, prefix := range alsoPrivate {
		private = private || prefix.Contains(ip)
	}
	if private {
		return fmt.Errorf("%s is %w", ip, errInner)
	}
	return nil
}
