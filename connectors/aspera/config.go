package aspera

import (
	"cmp"
	"net/url"
	"path"
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
	u, err := described.ServerURL(l, "write aspera+https://node:9092/path or aspera://user@host/path")
	if err != nil {
		return config{}, err
	}
	o := options{described.Reader(l, u.Redacted())}
	c := config{
		url: u.Redacted(), root: path.Clean("/" + u.Path), nodeUser: cmp.Or(o.Text("nodeUser"), u.User.Username()),
		password: o.Text("password"), token: o.Text("token"), passphrase: o.Text("passphrase"), encryption: o.Text("encryption"),
		resume: o.resume(), anyHost: o.Flag("anyHostKey"), grow: o.Duration("grow"), ascp: o.File("ascp"), caFile: o.File("caFile"),
		timeout: o.Duration("timeout"), attempts: o.Number("attempts", 1, 1000), parallel: o.Number("connections", 1, 100),
	}
	c.base = spec.Spec{
		SSHPort: o.Number("sshPort", 1, 65535), FaspPort: o.Number("faspPort", 1, 65535), SSHHostDigest: o.Text("hostKey"), KeyFile: o.File("identityFile"),
		TargetRate: o.rate("rate"), MinRate: o.rate("minRate"),
		RatePolicy: spec.RatePolicy(o.Text("ratePolicy")), Cipher: spec.Cipher(o.Text("cipher")),
	}
	if u.Scheme == "aspera+https" {
		c.node = (&url.URL{Scheme: "https", Host: u.Host}).String()
		if o.Text("node") != "" {
			o.Refuse("node", "and the URL both name the Node API", "leave the option out")
		}
	} else {
		c.node, c.host, c.user = strings.TrimSuffix(o.Text("node"), "/"), u.Hostname(), u.User.Username()
		if u.Port() != "" {
			c.base.SSHPort, _ = strconv.Atoi(u.Port()) // url.Parse has looked at it
		}
	}
	if err := o.Err(); err != nil {
		return config{}, err
	}
	return c, c.check()
}

// check refuses what can never work.
func (c config) check() error {
	switch {
	case c.node == "" && c.user == "":
		return connectors.BadLocation(c.url, "it names no user", "write aspera://user@host/path")
	case c.node != "" && c.token == "" && (c.password == "" || c.nodeUser == ""):
		return connectors.BadLocation(c.url, "there is nothing to log in to the Node API with", "give nodeUser and password, or token")
	case c.node != "" && c.encryption != "":
		return connectors.BadLocation(c.url, "with encryption at rest the Node API tells the sizes of the encrypted files, which cannot be compared", "leave out the node, or the encryption")
	case c.node == "" && c.password != "" && c.passphrase != "":
		return connectors.BadLocation(c.url, "there are a password and a key's passphrase, of which ascp takes one", "give one")
	case c.node == "" && c.password != "" && c.base.SSHHostDigest == "" && !c.anyHost:
		return connectors.BadLocation(c.url, "the password would be sent to whoever answers at this address: ascp compares no host key unless it is given one", "give hostKey, the fingerprint of the server's SSH key, or anyHostKey: true")
	case c.node == "" && c.password == "" && c.token == "" && c.base.KeyFile == "":
		return connectors.BadLocation(c.url, "there is nothing to log in with", "give identityFile, password or token")
	}
	probe := c.base
	probe.Direction, probe.RemoteHost, probe.RemoteUser, probe.DestinationRoot = spec.Send, cmp.Or(c.host, "host"), cmp.Or(c.user, "user"), "/"
	probe.Paths = []spec.Path{{Source: "/x"}}
	if err := probe.Check(); err != nil {
		return &connectors.Error{Kind: connectors.KindInvalid, Op: "open", Path: c.url, Err: err}
	}
	return nil
}

// options are a location's, with those that only Aspera has.
type options struct{ *connectors.OptionReader }

func (o options) rate(name string) spec.Kbps {
	rate, err := spec.ParseRate(o.Text(name))
	if err != nil {
		o.Refuse(name, "is no rate", "write bits a second as 800K, 500M or 1.5G")
	}
	return rate
}

func (o options) resume() spec.Resume {
	r, err := spec.ParseResume(o.Text("resume"))
	if err != nil {
		o.Refuse("resume", "is no way to resume", "write none, attrs, sparse or full")
	}
	return r
}
