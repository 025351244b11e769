package sftp

import (
	"cmp"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/user"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"golang.org/x/crypto/ssh"

	"gantry/connectors"
	tcp "gantry/connectors/link"
)

// config is a location, read and checked.
type config struct {
	url         string // without secrets; for errors
	hops        []hop  // the jump hosts, and the server as the last
	root        string // absolute, or relative to the login's home
	knownHosts  string
	acceptNew   bool // learn the keys of servers that are not known
	legacy      bool
	dropBox     bool
	create      bool
	connections int
	timeout     time.Duration
	congestion  tcp.Congestion
}

// A hop is one login on the way to the server.
type hop struct {
	name        string // for errors
	host, port  string
	user        string
	identities  []string // files
	certificate string   // a file
	passphrase  string   // references, resolved at each login
	password    string
	hostKey     string // instead of known hosts
}

func (h hop) addr() string { return net.JoinHostPort(h.host, h.port) }

func (c config) server() hop { return c.hops[len(c.hops)-1] }

// mostConnections bounds the option: more than that is no transfer but an attack.
const mostConnections = 64

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
	c := config{url: u.Redacted(), root: rootOf(u.Path), knownHosts: home(option("knownHosts"))}
	if err := c.numbers(option); err != nil {
		return config{}, err
	}
	server := hop{
		name: c.url, host: u.Hostname(), port: cmp.Or(u.Port(), "22"), user: u.User.Username(), hostKey: option("hostKey"),
		identities: files(option("identityFile")), certificate: home(option("certificate")), passphrase: option("passphrase"), password: option("password"),
	}
	if _, _, _, _, err := ssh.ParseAuthorizedKey([]byte(server.hostKey)); server.hostKey != "" && err != nil {
		return config{}, invalid(c.url, `the option "hostKey" is no public key`, "write it like a line of ssh-keyscan without the host: ssh-ed25519 AAAAC3Nz…")
	}
	if server.user == "" {
		me, err := user.Current()
		if err != nil {
			return config{}, invalid(c.url, "it names no user", "write sftp://user@host/path")
		}
		server.user = me.Username
	}
	jumps, err := c.jumps(server, option)
	if err != nil {
		return config{}, err
	}
	c.hops = append(jumps, server)
	return c, nil
}

// numbers reads the options that are no text.
func (c *config) numbers(option func(string) string) (err error) {
	for name, into := range map[string]*bool{"create": &c.create, "acceptNewHostKey": &c.acceptNew, "legacy": &c.legacy, "dropBox": &c.dropBox} {
		if *into, err = strconv.ParseBool(option(name)); err != nil {
			return invalid(c.url, fmt.Sprintf("the option %q is neither true nor false", name), "write true or false")
		}
	}
	if c.timeout, err = time.ParseDuration(option("timeout")); err != nil || c.timeout <= 0 {
		return invalid(c.url, `the option "timeout" is no duration`, "write it like 30s or 2m")
	}
	if c.connections, err = strconv.Atoi(option("connections")); err != nil || c.connections < 1 || c.connections > mostConnections {
		return invalid(c.url, `the option "connections" is no sensible number`, fmt.Sprintf("write a number from 1 to %d", mostConnections))
	}
	c.congestion, err = tcp.ReadCongestion(option("congestion"))
	return err
}

// jumps reads the way to the server. The server's own password is never shown to
// a jump host; its keys are, which give nothing away.
func (c config) jumps(server hop, option func(string) string) ([]hop, error) {
	var list []hop
	for one := range strings.SplitSeq(option("jump"), ",") {
		if one = strings.TrimSpace(one); one == "" {
			continue
		}
		u, err := url.Parse("ssh://" + one)
		if err != nil || !namesHost(u) {
			return nil, invalid(c.url, `the option "jump" does not name hosts`, "write user@host:port, and several with commas between, the nearest first")
		}
		h := hop{
			name: "jump host " + u.Host, host: u.Hostname(), port: cmp.Or(u.Port(), "22"), user: cmp.Or(u.User.Username(), server.user),
			identities: server.identities, certificate: server.certificate, passphrase: server.passphrase, password: option("jumpPassword"),
		}
		if own := files(option("jumpIdentityFile")); own != nil {
			h.identities, h.certificate = own, ""
		}
		list = append(list, h)
	}
	return list, nil
}

// namesHost tells whether the URL has a host and perhaps a user, and nothing else.
func namesHost(u *url.URL) bool {
	_, secret := u.User.Password()
	return !secret && u.Hostname() != "" && u.Path == "" && u.RawQuery == "" && !u.ForceQuery && u.Fragment == ""
}

func rootOf(p string) string {
	if below, ok := strings.CutPrefix(p+"/", "/~/"); ok {
		return path.Clean("./" + below)
	}
	return path.Clean("/" + p)
}

// files splits a list of files, unless it is the name of one.
func files(list string) []string {
	if _, err := os.Stat(home(list)); err == nil {
		return []string{home(list)}
	}
	var all []string
	for one := range strings.SplitSeq(list, ",") {
		if one = strings.TrimSpace(one); one != "" {
			all = append(all, home(one))
		}
	}
	return all
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
