package guard

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"syscall"
)

// ErrInner is an address that is not connected to. Trying again changes nothing.
var ErrInner = errors.New("an inner address")

// A Guard decides what may be connected to. The zero Guard lets nobody reach more
// than the internet. It may be used by many goroutines at once.
type Guard struct {
	Allow Allowed

	// Reach tells how far a host, as it was named, may lead; nil is [Internet] for all.
	Reach func(host string) Reach
}

// Dial connects like d, to nothing that the guard refuses. d's own Control and
// ControlContext are not used.
func (g Guard) Dial(d net.Dialer) func(ctx context.Context, network, address string) (net.Conn, error) {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		host, _, err := net.SplitHostPort(address)
		if err != nil {
			return nil, err
		}
		dialer := d
		dialer.Control = nil
		dialer.ControlContext = func(_ context.Context, _, resolved string, _ syscall.RawConn) error {
			return g.resolved(host, resolved)
		}
		return dialer.DialContext(ctx, network, address)
	}
}

func (g Guard) resolved(host, address string) error {
	literal, _, err := net.SplitHostPort(address)
	if err != nil {
		return err
	}
	ip, err := netip.ParseAddr(literal)
	if err != nil {
		return err
	}
	return g.Check(host, ip)
}

// Check tells with [ErrInner] that the address must not be connected to for host.
func (g Guard) Check(host string, ip netip.Addr) error {
	reach := Internet
	if g.Reach != nil {
		reach = g.Reach(host)
	}
	needs := Of(ip)
	if needs <= reach && needs < Nowhere || g.Allow.covers(host, ip) {
		return nil
	}
	if host == ip.String() || strings.Trim(host, "[]") == ip.String() {
		return fmt.Errorf("%s is %w", ip, ErrInner)
	}
	return fmt.Errorf("%s is %s, %w", host, ip, ErrInner)
}

// Lookup checks what a host's name resolves to now, for connections that somebody
// else makes for us, such as a proxy. A name that is not known here is not refused:
// whoever connects may know it. One that may be read as an address (127.1,
// 2130706433, 0x7f000001) is. A host that is allowed by name is not looked up.
func (g Guard) Lookup(ctx context.Context, r *net.Resolver, host string) error {
	if ip, err := netip.ParseAddr(host); err == nil {
		return g.Check(host, ip)
	}
	if g.Allow.covers(host, netip.Addr{}) {
		return nil
	}
	if endsInNumber(host) {
		return fmt.Errorf("%s may be read as an address in several ways, perhaps as %w", host, ErrInner)
	}
	found, err := r.LookupNetIP(ctx, "ip", host)
	var unknown *net.DNSError
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.As(err, &unknown) && unknown.IsNotFound:
		return nil
	case err != nil:
		return err
	}
	for _, ip := range found {
		if err := g.Check(host, ip); err != nil {
			return err
		}
	}
	return nil
}

// endsInNumber tells whether a host is what inet_aton and browsers read as an IPv4
// address: the last label is a number, decimal, octal or hexadecimal.
func endsInNumber(host string) bool {
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	last := host[strings.LastIndexByte(host, '.')+1:]
	if hex, ok := strings.CutPrefix(last, "0x"); ok {
		return strings.Trim(hex, "0123456789abcdef") == ""
	}
	return last != "" && strings.Trim(last, "0123456789") == ""
}
