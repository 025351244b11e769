package web

import (
	"errors"
	"net/netip"
	"net/url"
	"path"
	"strconv"
	"strings"
	"time"

	"gantry/connectors"
	"gantry/connectors/guard"
	"gantry/connectors/link"
)

// config is a location, read and checked.
type config struct {
	base        *url.URL // scheme, host and path; the path ends without a slash
	shown       string   // for errors
	credentials credentials
	grant       string // reference
	certFile    string
	keySecret   string // reference
	caFile      string
	allow       guard.Allowed
	redirects   int
	dav         string
	list        string
	writeOnly   bool
	create      bool
	connections int
	timeout     time.Duration
	congestion  link.Congestion
}

func configure(l connectors.Location) (config, error) {
	described := describe()
	if err := described.Check(l); err != nil {
		return config{}, err
	}
	u, err := url.Parse(l.URL)
	if err != nil {
		return config{}, err // Check parsed it
	}
	c := config{base: &url.URL{Scheme: strings.ToLower(u.Scheme), Host: strings.ToLower(u.Host)}, shown: shown(u)}
	if err := c.readURL(u); err != nil {
		return config{}, err
	}
	r := optionReader{described.Reader(l, c.shown)}
	c.certFile, c.keySecret, c.caFile = r.Text("clientCert"), r.Text("clientKey"), r.Text("caFile")
	c.dav, c.list, c.grant = r.OneOf("dav", "auto", "true", "false"), r.Text("list"), r.Text("grant")
	c.writeOnly, c.create = r.Flag("writeOnly"), r.Flag("create")
	c.redirects, c.connections = r.Number("redirects", 0, 20), r.Number("connections", 1, 1000)
	c.timeout = r.Duration("timeout")
	c.congestion = r.congestion()
	c.allow = r.allowed("allow")
	c.credentials = credentials{
		user: u.User.Username(), password: r.Text("password"), token: r.Text("token"), query: r.Text("query"), secretHeaders: r.Text("secretHeaders"),
	}
	c.credentials.headers = r.headers("headers")
	if err := r.Err(); err != nil {
		return config{}, err
	}
	return c, c.consistent()
}

func (c *config) readURL(u *url.URL) error {
	switch {
	case u.Hostname() == "" || u.Opaque != "":
		return invalid(c.shown, "it names no server", "write https://host/folder")
	case u.RawQuery != "" || u.ForceQuery:
		return invalid(c.shown, "the URL has a query, which may be a signature", "give it as the option query: env:NAME or file:PATH; write ? in names as %3F")
	case u.Fragment != "":
		return invalid(c.shown, "the URL has a fragment", "write # in names as %23")
	}
	if port := u.Port(); port != "" {
		if n, err := strconv.Atoi(port); err != nil || n < 1 || n > 65535 {
			return invalid(c.shown, "there is no such port", "write https://host:port/folder")
		}
	}
	root := path.Clean("/" + u.Path)
	if trimmed := strings.TrimRight(u.Path, "/"); trimmed != "" && trimmed != root {
		return invalid(c.shown, "its path is not in its shortest form", "write it with single slashes and without dots as elements")
	}
	if root != "/" {
		c.base.Path = root
		c.base.RawPath = strings.TrimRight(u.EscapedPath(), "/")
	}
	return nil
}

func (c *config) consistent() error {
	switch {
	case (c.certFile == "") != (c.keySecret == ""):
		return invalid(c.shown, "a certificate to log in with needs its key", "give both clientCert and clientKey, or none")
	case c.credentials.token != "" && (c.credentials.user != "" || c.credentials.password != ""):
		return invalid(c.shown, "both a token and a user are given", "give one of them")
	case c.credentials.password != "" && c.credentials.user == "":
		return invalid(c.shown, "there is a password and no user", "write https://user@host/folder")
	}
	return nil
}

// reach is how far the location's own host may lead.
func (c *config) reach(host string) guard.Reach {
	if !strings.EqualFold(host, c.base.Hostname()) {
		return guard.Internet
	}
	if _, err := netip.ParseAddr(host); err == nil || host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return guard.Machine
	}
	return guard.Site
}

// shown is a URL for errors and logs: without user and query.
func shown(u *url.URL) string {
	text := u.Scheme + "://"
	if u.User != nil {
		text += "***@"
	}
	text += u.Host + u.EscapedPath()
	if u.RawQuery != "" {
		text += "?***"
	}
	return text
}

func invalid(place, text, remedy string) error {
	return &connectors.Error{Kind: connectors.KindInvalid, Op: "read location", Path: place, Err: errors.New(text), Remedy: remedy}
}
