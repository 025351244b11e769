package ftp

import (
	"cmp"
	"crypto/x509"
	"errors"
	"net"
	"net/url"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"gantry/connectors"
	"gantry/connectors/link"
)

// config is a location, read and checked.
type config struct {
	url         string // without secrets; for errors
	host, port  string
	user        string
	password    string // a reference, resolved at each login
	root        string // absolute, or relative to the login's folder
	tls         string // none, explicit or implicit
	authorities *x509.CertPool
	serverName  string
	tlsVersion  string // auto or 1.2
	connections int
	timeout     time.Duration
	create      bool
	listing     string // auto, mlsd or list
	passive     string // auto, epsv or pasv
	zone        *time.Location
	resume      string // auto or false
	congestion  link.Congestion
	dropBox     bool
}

func (c config) dialer() link.Dialer {
	return link.Dialer{Timeout: c.timeout, Stall: c.timeout, Congestion: c.congestion}
}

func (c config) addr() string { return net.JoinHostPort(c.host, c.port) }

func configure(l connectors.Location) (config, error) {
	described := describe()
	if err := described.Check(l); err != nil {
		return config{}, err
	}
	u, err := url.Parse(l.URL)
	if err != nil {
		return config{}, err // Check parsed it
	}
	if u.Hostname() == "" || u.Opaque != "" || u.RawQuery != "" || u.ForceQuery || u.Fragment != "" {
		return config{}, invalid(l.URL, "it does not name a server and a path", "write ftp://user@host/path, with ? as %3F and # as %23")
	}
	if strings.Contains(u.Hostname(), ":") && !strings.HasPrefix(u.Host, "[") || !isPort(u.Port()) {
		return config{}, invalid(u.Redacted(), "the URL is malformed: its host and port are "+strconv.Quote(u.Host), "write ftp://user@host:port/path, with an IPv6 address in brackets")
	}
	r := reader{option: func(name string) string { return described.Option(l, name) }, url: u.Redacted()}
	c := config{
		url: u.Redacted(), host: u.Hostname(), user: cmp.Or(u.User.Username(), "anonymous"), root: rootOf(u.Path), password: r.option("password"),
		tls:         cmp.Or(r.among("tls", "", "none", "explicit", "implicit"), map[string]string{"ftpes": "explicit", "ftps": "implicit"}[u.Scheme], "none"),
		tlsVersion:  r.among("tlsVersion", "auto", "1.2"),
		authorities: r.authorities("caFile"), serverName: cmp.Or(r.option("serverName"), u.Hostname()),
		connections: r.connections("connections"), timeout: r.timeout("timeout"), zone: r.zone("timezone"),
		create: r.flag("create"), dropBox: r.flag("dropBox"), resume: r.among("resume", "auto", "false"),
		listing: r.among("listing", "auto", "mlsd", "list"), passive: r.among("passive", "auto", "epsv", "pasv"), congestion: r.congestion("congestion"),
	}
	c.port = cmp.Or(u.Port(), map[bool]string{true: "990", false: "21"}[c.tls == "implicit"])
	if r.err == nil && (badByte(c.root) != "" || strings.ContainsAny(c.user, "\r\n\x00")) {
		r.err = invalid(c.url, "its user or path has a byte that FTP cannot carry", "take another name")
	}
	return c, r.err
}

func isPort(text string) bool {
	n, err := strconv.ParseUint(text, 10, 16)
	return text == "" || err == nil && n > 0
}

func rootOf(p string) string {
	if below, ok := strings.CutPrefix(p+"/", "/~/"); ok {
		return path.Clean("./" + below)
	}
	return path.Clean("/" + p)
}

// badByte tells why a path cannot be in a command: 0xFF is the escape of the
// Telnet protocol, which ProFTPD obeys and others do not.
func badByte(p string) string {
	switch {
	case strings.ContainsAny(p, "\r\n"):
		return "it has a line break, which FTP cannot carry"
	case strings.ContainsRune(p, 0), strings.Contains(p, "\xff"):
		return "it has the byte NUL or 0xFF, which FTP cannot carry"
	default:
		return ""
	}
}

func invalid(place, text, remedy string) error {
	return &connectors.Error{Kind: connectors.KindInvalid, Op: "open", Path: place, Err: errors.New(text), Remedy: remedy}
}

// reader reads options, and keeps the first mistake.
type reader struct {
	option func(name string) string
	url    string
	err    error
}

func (r *reader) wrong(name, text, remedy string) {
	if r.err == nil {
		r.err = invalid(r.url, "the option "+strconv.Quote(name)+" "+text, remedy)
	}
}

func (r *reader) keep(err error) {
	if r.err == nil {
		r.err = err
	}
}

func (r *reader) congestion(name string) link.Congestion {
	value, err := link.ReadCongestion(r.option(name))
	r.keep(err)
	return value
}

func (r *reader) among(name string, values ...string) string {
	value := r.option(name)
	if !slices.Contains(values, value) {
		r.wrong(name, "is none of those it can be", "write "+strings.TrimPrefix(strings.Join(values, ", "), ", "))
	}
	return value
}

func (r *reader) flag(name string) bool {
	value, err := strconv.ParseBool(r.option(name))
	if err != nil {
		r.wrong(name, "is neither true nor false", "write true or false")
	}
	return value
}

func (r *reader) connections(name string) int {
	n, err := strconv.Atoi(r.option(name))
	if err != nil || n < 1 || n > 64 {
		r.wrong(name, "is no number from 1 to 64", "write it like 4")
	}
	return n
}

func (r *reader) timeout(name string) time.Duration {
	d, err := time.ParseDuration(r.option(name))
	if err != nil || d <= 0 {
		r.wrong(name, "is no duration", "write it like 30s or 2m")
	}
	return d
}

func (r *reader) zone(name string) *time.Location {
	zone, err := time.LoadLocation(r.option(name))
	if err != nil {
		r.wrong(name, "is no time zone", "write it like UTC or Europe/Zurich")
	}
	return zone
}
