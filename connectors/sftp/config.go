package sftp

import (
	"cmp"
	"errors"
	"net"
	"net/url"
	"os"
	"os/user"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"gantry/connectors"
)

// config is a location, read and checked.
type config struct {
	url          string // without secrets; for errors
	host, port   string
	user         string
	root         string // absolute, or relative to the login's home
	identityFile string
	passphrase   string // references, resolved at each login
	password     string
	knownHosts   string
	hostKey      string
	timeout      time.Duration
	create       bool
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
		return config{}, invalid(l.URL, "it does not name a server and a path", "write sftp://user@host/path, with ? as %3F and # as %23")
	}
	option := func(name string) string { return described.Option(l, name) }
	c := config{
		url: u.Redacted(), host: u.Hostname(), port: cmp.Or(u.Port(), "22"), user: u.User.Username(), root: rootOf(u.Path),
		identityFile: home(option("identityFile")), knownHosts: home(option("knownHosts")), hostKey: option("hostKey"),
		passphrase: option("passphrase"), password: option("password"),
	}
	if c.create, err = strconv.ParseBool(option("create")); err != nil {
		return config{}, invalid(c.url, `the option "create" is neither true nor false`, "write true or false")
	}
	if c.timeout, err = time.ParseDuration(option("timeout")); err != nil || c.timeout <= 0 {
		return config{}, invalid(c.url, `the option "timeout" is no duration`, "write it like 30s or 2m")
	}
	if c.user == "" {
		me, err := user.Current()
		if err != nil {
			return config{}, invalid(c.url, "it names no user", "write sftp://user@host/path")
		}
		c.user = me.Username
	}
	return c, nil
}

func rootOf(p string) string {
	if below, ok := strings.CutPrefix(p+"/", "/~/"); ok {
		return path.Clean("./" + below)
	}
	return path.Clean("/" + p)
}

// home replaces a leading ~/ by the home folder of this process's user.
func home(p string) string {
	below, ok := strings.CutPrefix(p, "~/")
	if !ok {
		return p
	}
	dir, err := os.UserHomeDir()
	if err != nil {
		return p
	}
	return filepath.Join(dir, below)
}

func invalid(place, text, remedy string) error {
	return &connectors.Error{Kind: connectors.KindInvalid, Op: "open", Path: place, Err: errors.New(text), Remedy: remedy}
}
