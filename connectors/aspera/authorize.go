package aspera

import (
	"cmp"
	"context"
	"encoding/json"
	"path"
	"strconv"
	"strings"

	"gantry/connectors"
	"gantry/connectors/aspera/ascp"
	"gantry/connectors/aspera/spec"
)

// authorized gives who connects where, and by which right: by our own settings, or
// by what the Node API says for this file, asked anew at each start.
func (p *place) authorized(ctx context.Context, m connectors.Movement, job plan) (spec.Spec, error) {
	if p.node == nil {
		return p.direct(job)
	}
	var given spec.Spec
	var err error
	if m.Receive {
		given, err = p.node.DownloadSetup(ctx, job.remote)
	} else {
		given, err = p.node.UploadSetup(ctx, path.Dir(job.remote))
	}
	if err != nil {
		return given, err
	}
	return p.merged(given, job)
}

// direct is without a node.
func (p *place) direct(job plan) (t spec.Spec, err error) {
	t = p.base
	t.RemoteHost, t.RemoteUser, t.Paths = p.host, p.user, []spec.Path{{Source: job.remote}}
	if t.Password, err = connectors.Secret(p.password); err != nil {
		return t, err
	}
	if t.KeyPassphrase, err = connectors.Secret(p.passphrase); err != nil {
		return t, err
	}
	if t.Token, err = connectors.Secret(p.token); err != nil {
		return t, err
	}
	return t, p.keyForToken(&t)
}

// merged takes from the node what concerns the right and the way, and nothing that
// would change files or paths of this machine.
func (p *place) merged(given spec.Spec, job plan) (t spec.Spec, err error) {
	t = p.base
	t.RemoteHost = cmp.Or(p.host, given.RemoteHost, p.node.Host())
	t.RemoteUser = cmp.Or(p.user, given.RemoteUser, "xfer")
	t.SSHPort, t.FaspPort = cmp.Or(given.SSHPort, t.SSHPort), cmp.Or(given.FaspPort, t.FaspPort)
	t.WSSEnabled, t.WSSPort = given.WSSEnabled, given.WSSPort
	t.SSHHostDigest = cmp.Or(t.SSHHostDigest, given.SSHHostDigest)
	t.Token, t.Cookie, t.Tags = given.Token, given.Cookie, given.Tags
	t.Cipher = stronger(t.Cipher, given.Cipher)
	t.Paths, t.SourceRoot = []spec.Path{{Source: job.remote}}, ""
	if len(given.Paths) == 1 && given.Paths[0].Source != "" {
		t.Paths, t.SourceRoot = given.Paths, given.SourceRoot // the token may be bound to the way it is written
	}
	if t.KeyPassphrase, err = connectors.Secret(p.passphrase); err != nil {
		return t, err
	}
	if t.Token == "" {
		return t, &connectors.Error{
			Kind: connectors.KindAuth, Op: "ask for the transfer of", Path: job.remote, Err: errNoToken,
			Remedy: "have the operator of the node switch token authorisation on for this user",
		}
	}
	return t, p.keyForToken(&t)
}

type text string

func (t text) Error() string { return string(t) }

const (
	errNoToken = text("the Node API gives no token")
	errNoKey   = text("there is a token, and no key to open the SSH session with")
)

// stronger never lets a node switch encryption off that was asked for.
func stronger(ours, theirs spec.Cipher) spec.Cipher {
	if theirs == "" || theirs == "none" || ours != "" && ours != "none" {
		return ours
	}
	return theirs
}

// keyForToken finds the key by which a session is opened whose right is a token:
// our own, or the one that ascp came with. Web sockets need none.
func (p *place) keyForToken(t *spec.Spec) error {
	if t.Token == "" || t.Password != "" {
		return nil
	}
	if t.KeyFile == "" {
		program, err := ascp.Find(p.ascp)
		if err != nil {
			return err
		}
		if t.KeyFile = ascp.BypassKey(program); t.KeyFile != "" {
			t.WSSEnabled = false
		}
	} else {
		t.WSSEnabled = false
	}
	if t.KeyFile == "" && !t.WSSEnabled {
		return &connectors.Error{
			Kind: connectors.KindAuth, Op: "log in to", Path: p.url, Err: errNoKey,
			Remedy: "put the key that ascp came with (aspera_tokenauth_id_rsa, or aspera_bypass_rsa.pem) beside the program, or name it by the option identityFile",
		}
	}
	return nil
}

// markRetry gives the node's own tag a number for this movement, so that its server
// sees the starts of it as one. Tags of other shapes stay as they are.
func markRetry(tags json.RawMessage, id string) json.RawMessage {
	var all map[string]map[string]json.RawMessage
	if len(tags) == 0 || json.Unmarshal(tags, &all) != nil || all["aspera"] == nil {
		return tags
	}
	if _, there := all["aspera"]["xfer_id"]; !there {
		all["aspera"]["xfer_id"] = json.RawMessage(strconv.Quote(strings.ToLower(id)))
	}
	marked, err := json.Marshal(all)
	if err != nil {
		return tags
	}
	return marked
}
