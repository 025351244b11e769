package sftp

import (
	"cmp"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/user"
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
	freely      bool // nobody has said how many
	timeout     time.Duration

	digestCommands bool // may be run
	congestion     tcp.Congestion
	line           *tcp.Line
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
	u, err := described.ServerURL(l, "write sftp://user@host/path")
	if err != nil {
		return config{}, err
	}
	r := described.Reader(l, u.Redacted())
	c := config{
		url: u.Redacted(), root: connectors.LoginRoot(u.Path), knownHosts: r.File("knownHosts"),
		create: r.Flag("create"), acceptNew: r.Flag("acceptNewHostKey"), legacy: r.Flag("legacy"), dropBox: r.Flag("dropBox"),
		timeout: r.Duration("timeout"), connections: r.Number("connections", 1, mostConnections),
	}
	switch of := r.Text("digestCommands"); of {
	case "auto", "none":
		c.digestCommands = of == "auto"
	default:
		r.Keep(connectors.BadLocation(c.url, fmt.Sprintf("the option \"digestCommands\" is %q", of), "write auto or none"))
	}
	c.freely = l.Options["connections"] == ""
	c.line = &tcp.Line{}
	c.congestion, err = tcp.ReadCongestion(r.Text("congestion"))
	if r.Keep(err); r.Err() != nil {
		return config{}, r.Err()
	}
	server := hop{
		name: c.url, host: u.Hostname(), port: cmp.Or(u.Port(), "22"), user: u.User.Username(), hostKey: r.Text("hostKey"),
		identities: files(r.Text("identityFile")), certificate: r.File("certificate"), passphrase: r.Text("passphrase"), password: r.Text("password"),
	}
	if _, _, _, _, err := ssh.ParseAuthorizedKey([]byte(server.hostKey)); server.hostKey != "" && err != nil {
		return config{}, connectors.BadLocation(c.url, `the option "hostKey" is no public key`, "write it like a line of ssh-keyscan without the host: ssh-ed25519 AAAAC3Nz…")
	}
	if server.user == "" {
		me, err := user.Current()
		if err != nil {
			return config{}, connectors.BadLocation(c.url, "it names no user", "write sftp://user@host/path")
		}
		server.user = me.Username
	}
	jumps, err := c.jumps(server, r)
	if err != nil {
		return config{}, err
	}
	c.hops = append(jumps, server)
	return c, nil
}

// jumps reads the way to the server. The server's own password is never shown to
// a jump host; its keys are, which give nothing away.
func (c config) jumps(server hop, r *connectors.OptionReader) ([]hop, error) {
	var list []hop
	for one := range strings.SplitSeq(r.Text("jump"), ",") {
		if one = strings.TrimSpace(one); one == "" {
			continue
		}
		u, err := url.Parse("ssh://" + one)
		if err != nil || !namesHost(u) {
			return nil, connectors.BadLocation(c.url, `the option "jump" does not name hosts`, "write user@host:port, and several with commas between, the nearest first")
		}
		h := hop{
			name: "jump host " + u.Host, host: u.Hostname(), port: cmp.Or(u.Port(), "22"), user: cmp.Or(u.User.Username(), server.user),
			identities: server.identities, certificate: server.certificate, passphrase: server.passphrase, password: r.Text("jumpPassword"),
		}
		if own := files(r.Text("jumpIdentityFile")); own != nil {
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

// files splits a list of files, unless it is the name of one.
func files(list string) []string {
	if _, err := os.Stat(connectors.FromHome(list)); err == nil {
		return []string{connectors.FromHome(list)}
	}
	var all []string
	for one := range strings.SplitSeq(list, ",") {
		if one = strings.TrimSpace(one); one != "" {
			all = append(all, connectors.FromHome(one))
		}
	}
	return all
}
