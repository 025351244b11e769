package api

import (
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
)

// Guard refuses what a web page on this machine could send through a browser:
// requests whose Host is not a loopback name, as after DNS rebinding, and those
// that carry the Origin of another site.
func Guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		origin := r.Header.Get("Origin")
		switch {
		case !loopback(r.Host):
			answer(w, http.StatusMisdirectedRequest, "this hub answers to loopback names only: call it as localhost or 127.0.0.1")
		case origin != "" && !sameOrigin(origin, r.Host):
			answer(w, http.StatusForbidden, "requests of other sites are refused")
		default:
			next.ServeHTTP(w, r)
		}
	})
}

// Loopback tells whether an address to listen on can be reached from this machine
// only.
func Loopback(address string) bool {
	host, _, err := net.SplitHostPort(address)
	return err == nil && host != "" && loopback(host)
}

func loopback(hostport string) bool {
	host := hostport
	if h, _, err := net.SplitHostPort(hostport); err == nil {
		host = h
	}
	host = strings.Trim(host, "[]")
	if strings.EqualFold(host, "localhost") {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.IsLoopback()
}

func sameOrigin(origin, host string) bool {
	u, err := url.Parse(origin)
	return err == nil && strings.EqualFold(u.Host, host)
}
