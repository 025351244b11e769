package ftp

import (
	"cmp"
	"crypto/x509"
	"net"
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
	auto        bool // as many connections as the server is good for
	timeout     time.Duration
	create      bool
	listing     string // auto, mlsd or list
	passive     string // auto, epsv or pasv
	zone        *time.Location
	resume      string // auto or false
	congestion  link.Congestion
	line        *link.Line
	dropBox     bool
}

func (c config) dialer() link.Dialer {
	return link.Dialer{Timeout: c.timeout, Stall: c.timeout, Congestion: c.congestion, Line: c.line}
}

func (c config) addr() string { return net.JoinHostPort(c.host, c.port) }

func configure(l connectors.Location) (config, error) {
	described := describe()
	u, err := described.ServerURL(l, "write ftp://user@host/path")
	if err != nil {
		return config{}, err
	}
	if strings.Contains(u.Hostname(), ":") && !strings.HasPrefix(u.Host, "[") || !isPort(u.Port()) {
		return config{}, connectors.BadLocation(u.Redacted(), "the URL is malformed: its host and port are "+strconv.Quote(u.Host), "write ftp://user@host:port/path, with an IPv6 address in brackets")
	}
	r := reader{described.Reader(l, u.Redacted())}
	c := config{
		url: u.Redacted(), host: u.Hostname(), user: cmp.Or(u.User.Username(), "anonymous"), root: connectors.LoginRoot(u.Path), password: r.Text("password"),
		tls:         cmp.Or(r.OneOf("tls", "", "none", "explicit", "implicit"), map[string]string{"ftpes": "explicit", "ftps": "implicit"}[u.Scheme], "none"),
		tlsVersion:  r.OneOf("tlsVersion", "auto", "1.2"),
		authorities: r.authorities("caFile"), serverName: cmp.Or(r.Text("serverName"), u.Hostname()),
		timeout: r.Duration("timeout"), zone: r.zone("timezone"),
		create: r.Flag("create"), dropBox: r.Flag("dropBox"), resume: r.OneOf("resume", "auto", "false"),
		listing: r.OneOf("listing", "auto", "mlsd", "list"), passive: r.OneOf("passive", "auto", "epsv", "pasv"), congestion: r.congestion("congestion"), line: &link.Line{},
	}
	c.connections, c.auto = r.connections("connections")
	c.port = cmp.Or(u.Port(), map[bool]string{true: "990", false: "21"}[c.tls == "implicit"])
	if badByte(c.root) != "" || strings.ContainsAny(c.user, "\r\n\x00") {
		r.Keep(connectors.BadLocation(c.url, "its user or path has a byte that FTP cannot carry", "take another name"))
	}
	return c, r.Err()
}

func isPort(text string) bool {
	n, err := strconv.ParseUint(text, 10, 16)
	return text == "" || err == nil && n > 0
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

// reader reads options, with those that only FTP has.
type reader struct{ *connectors.OptionReader }

func (r reader) congestion(name string) link.Congestion {
	value, err := link.ReadCongestion(r.Text(name))
	r.Keep(err)
	return value
}

func (r reader) zone(name string) *time.Location {
	zone, err := time.LoadLocation(r.Text(name))
	if err != nil {
		r.Refuse(name, "is no time zone", "write it like UTC or Europe/Zurich")
	}
	return zone
}
