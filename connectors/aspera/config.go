package aspera

import (
	"cmp"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"gantry/connectors"
	"gantry/connectors/aspera/spec"
)

// config is a location, read and checked. Secrets are references, resolved when
// they are used.
type config struct {
	url      string // without secrets; for errors
	node     string // address of the Node API; "" = none
	nodeUser string
	host     string // of SSH; "" = the Node API says
	user     string
	anyHost  bool   // the host's key need not be known
	root     string // absolute

	password, token, passphrase, encryption string

	base     spec.Spec // what is common to all movements
	resume   spec.Resume
	grow     time.Duration
	ascp     string
	caFile   string
	timeout  time.Duration
	attempts int
	parallel int
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
	if u.Hostname() == "" || u.Opaque != "" || u.RawQuery != "" || u.ForceQuery || u.Fragment != "" {
		return config{}, invalid(l.URL, "it does not name a server and a path", "write aspera+https://node:9092/path or aspera://user@host/path, with ? as %3F and # as %23")
	}
	o := options{url: u.Redacted(), value: func(name string) string { return described.Option(l, name) }}
	c := config{
		url: u.Redacted(), root: path.Clean("/" + u.Path), nodeUser: cmp.Or(o.value("nodeUser"), u.User.Username()),
		password: o.value("password"), token: o.value("token"), passphrase: o.value("passphrase"), encryption: o.value("encryption"),
		resume: o.resume(), anyHost: o.flag("anyHostKey"), grow: o.duration("grow"), ascp: home(o.value("ascp")), caFile: home(o.value("caFile")),
		timeout: o.duration("timeout"), attempts: o.number("attempts", 1000), parallel: o.number("connections", 100),
	}
	c.base = spec.Spec{
		SSHPort: o.number("sshPort", 65535), FaspPort: o.number("faspPort", 65535), SSHHostDigest: o.value("hostKey"), KeyFile: home(o.value("identityFile")),
		TargetRate: o.rate("rate"), MinRate: o.rate("minRate"),
		RatePolicy: spec.RatePolicy(o.value("ratePolicy")), Cipher: spec.Cipher(o.value("cipher")),
	}
	if u.Scheme == "aspera+https" {
		c.node = (&url.URL{Scheme: "https", Host: u.Host}).String()
		if o.value("node") != "" {
			o.refuse("node", "and the URL both name the Node API", "leave the option out")
		}
	} else {
		c.node, c.host, c.user = strings.TrimSuffix(o.value("node"), "/"), u.Hostname(), u.User.Username()
		if u.Port() != "" {
			c.base.SSHPort, _ = strconv.Atoi(u.Port()) // url.Parse has looked at it
		}
	}
	if o.err != nil {
		return config{}, o.err
	}
	return c, c.check()
}

// check refuses what can never work.
func (c config) check() error {
	switch {
	case c.node == "" && c.user == "":
		return invalid(c.url, "it names no user", "write aspera://user@host/path")
	case c.node != "" && c.token == "" && (c.password == "" || c.nodeUser == ""):
		return invalid(c.url, "there is nothing to log in to the Node API with", "give nodeUser and password, or token")
	case c.node != "" && c.encryption != "":
		return invalid(c.url, "with encryption at rest the Node API tells the sizes of the encrypted files, which cannot be compared", "leave out the node, or the encryption")
	case c.node == "" && c.password != "" && c.passphrase != "":
		return invalid(c.url, "there are a password and a key's passphrase, of which ascp takes one", "give one")
	case c.node == "" && c.password != "" && c.base.SSHHostDigest == "" && !c.anyHost:
		return invalid(c.url, "the password would be sent to whoever answers at this address: ascp compares no host key unless it is given one", "give hostKey, the fingerprint of the server's SSH key, or anyHostKey: true")
	case c.node == "" && c.password == "" && c.token == "" && c.base.KeyFile == "":
		return invalid(c.url, "there is nothing to log in with", "give identityFile, password or token")
	}
	probe := c.base
	probe.Direction, probe.RemoteHost, probe.RemoteUser, probe.DestinationRoot = spec.Send, cmp.Or(c.host, "host"), cmp.Or(c.user, "user"), "/"
	probe.Paths = []spec.Path{{Source: "/x"}}
	if err := probe.Check(); err != nil {
		return &connectors.Error{Kind: connectors.KindInvalid, Op: "open", Path: c.url, Err: err}
	}
	return nil
}

// options reads settings and keeps the first thing that is wrong with them.
type options struct {
	url   string
	value func(name string) string
	err   error
}

func (o *options) refuse(name, text, remedy string) {
	if o.err == nil {
		o.err = invalid(o.url, fmt.Sprintf("the option %q %s", name, text), remedy)
	}
}

func (o *options) duration(name string) time.Duration {
	d, err := time.ParseDuration(o.value(name))
	if err != nil || d <= 0 {
		o.refuse(name, "is no duration", "write it like 30s or 2m")
	}
	return d
}

func (o *options) flag(name string) bool {
	value, err := strconv.ParseBool(o.value(name))
	if err != nil {
		o.refuse(name, "is neither yes nor no", "write true or false")
	}
	return value
}

func (o *options) number(name string, most int) int {
	n, err := strconv.Atoi(o.value(name))
	if err != nil || n < 1 || n > most {
		o.refuse(name, "is no number", fmt.Sprintf("write 1 to %d", most))
	}
	return n
}

func (o *options) rate(name string) spec.Kbps {
	rate, err := spec.ParseRate(o.value(name))
	if err != nil {
		o.refuse(name, "is no rate", "write bits a second as 800K, 500M or 1.5G")
	}
	return rate
}

func (o *options) resume() spec.Resume {
	r, err := spec.ParseResume(o.value("resume"))
	if err != nil {
		o.refuse("resume", "is no way to resume", "write none, attrs, sparse or full")
	}
	return r
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
