package web

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"sync"
	"time"

	"gantry/connectors"
	"gantry/connectors/guard"
	"gantry/connectors/link"
)

// surroundings are what a place gets from outside of its location.
type surroundings struct {
	now      func() time.Time
	resolver *net.Resolver // nil is the system's
	proxy    func(*http.Request) (*url.URL, error)
}

// maxHeaders bounds the headers of an answer, in bytes.
const maxHeaders = 256 << 10

// transports makes one for the location's own host, and one for all others, which
// shows no certificate and reaches no inner address.
func transports(c config, s surroundings) (home, abroad *http.Transport, err error) {
	trust, err := link.Authorities(c.caFile)
	if err != nil {
		return nil, nil, err
	}
	login, err := loginWith(c.certFile, c.keySecret)
	if err != nil {
		return nil, nil, err
	}
	d := link.Dialer{Stall: c.timeout, Congestion: c.congestion, Line: &link.Line{}, Resolver: s.resolver}
	secret := link.TLS(trust)
	secret.Certificates = login
	home = transport(guard.Guard{Allow: c.allow, Reach: c.reach}, d, s.proxy, secret)
	abroad = transport(guard.Guard{Allow: c.allow}, d, s.proxy, link.TLS(trust))
	return home, abroad, nil
}

// transport leaves it to the requests to notice that nothing moves; see life.
func transport(g guard.Guard, plain link.Dialer, proxy func(*http.Request) (*url.URL, error), t *tls.Config) *http.Transport {
	guarded := plain
	guarded.Guard = &g
	d := &dialer{guard: g, direct: guarded, plain: plain, proxy: proxy}
	if d.proxy == nil {
		d.proxy = http.ProxyFromEnvironment
	}
	made := link.Transport(guarded, t)
	made.Proxy, made.DialContext = d.choose, d.dial
	made.ExpectContinueTimeout, made.MaxResponseHeaderBytes = 2*time.Second, maxHeaders
	return made
}

// A dialer connects to what its guard lets through, and to proxies of the
// environment, wherever they are.
type dialer struct {
	guard   guard.Guard
	direct  link.Dialer
	plain   link.Dialer
	proxy   func(*http.Request) (*url.URL, error)
	proxies sync.Map // addresses of proxies that were chosen
}

// choose picks the proxy of a request. It is the proxy that resolves the host's
// name then, so the guard sees what it resolves to here.
func (d *dialer) choose(r *http.Request) (*url.URL, error) {
	u, err := d.proxy(r)
	if u == nil || err != nil {
		return nil, err
	}
	resolver := d.plain.Resolver
	if resolver == nil {
		resolver = net.DefaultResolver
	}
	if err := d.guard.Lookup(r.Context(), resolver, r.URL.Hostname()); err != nil {
		return nil, err
	}
	d.proxies.Store(proxyAddress(u), true)
	return u, nil
}

func proxyAddress(u *url.URL) string {
	port := u.Port()
	if port == "" {
		port = map[string]string{"https": "443", "socks5": "1080", "socks5h": "1080"}[u.Scheme]
	}
	if port == "" {
		port = "80"
	}
	return net.JoinHostPort(u.Hostname(), port)
}

func (d *dialer) dial(ctx context.Context, network, address string) (net.Conn, error) {
	if _, ok := d.proxies.Load(address); ok {
		return d.plain.Dial(ctx, network, address)
	}
	return d.direct.Dial(ctx, network, address)
}

func loginWith(certFile, keySecret string) ([]tls.Certificate, error) {
	if certFile == "" {
		return nil, nil
	}
	cert, err := os.ReadFile(certFile)
	if err != nil {
		return nil, invalid(certFile, "the option \"clientCert\" cannot be read: "+err.Error(), "name a PEM file")
	}
	key, err := connectors.Secret(keySecret)
	if err != nil {
		return nil, err
	}
	pair, err := tls.X509KeyPair(cert, []byte(key))
	if err != nil {
		return nil, &connectors.Error{Kind: connectors.KindInvalid, Op: "read location", Path: certFile, Err: fmt.Errorf("certificate and key do not fit: %w", err), Remedy: "give a PEM certificate and its own PEM key"}
	}
	return []tls.Certificate{pair}, nil
}

// sameHost tells whether what is meant for home may go to u: the same server, or
// the same host by TLS instead of without.
func sameHost(home, u *url.URL) bool {
	upgrade := home.Scheme == "http" && u.Scheme == "https" && home.Port() == "" && u.Port() == "" && home.Hostname() == u.Hostname()
	return home.Scheme == u.Scheme && address(home) == address(u) || upgrade
}

func address(u *url.URL) string {
	port := u.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[u.Scheme]
	}
	return net.JoinHostPort(u.Hostname(), port)
}
