package sftp

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"slices"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/knownhosts"

	"gantry/connectors"
)

// trust says which keys the server may have: the check, and the algorithms to ask
// for, since a server with several keys must show the one that is known.
func (c config) trust() (ssh.HostKeyCallback, []string, error) {
	if c.hostKey != "" {
		return c.trustKey()
	}
	known, err := knownhosts.New(c.knownHosts)
	if errors.Is(err, fs.ErrNotExist) {
		known, err = knownhosts.New()
	}
	if err != nil {
		return nil, nil, c.distrusted(fmt.Errorf("read the known servers: %w", err), "repair "+c.knownHosts)
	}
	check := func(host string, remote net.Addr, key ssh.PublicKey) error {
		return c.judge(known(host, remote, key), key)
	}
	var unknown *knownhosts.KeyError
	var algorithms []string
	if errors.As(known(c.addr(), &net.TCPAddr{IP: net.IPv4zero}, noKey{}), &unknown) {
		for _, want := range unknown.Want {
			algorithms = append(algorithms, algorithmsOf(want.Key.Type())...)
		}
	}
	return check, slices.Compact(algorithms), nil
}

func (c config) trustKey() (ssh.HostKeyCallback, []string, error) {
	pinned, _, _, _, err := ssh.ParseAuthorizedKey([]byte(c.hostKey))
	if err != nil {
		return nil, nil, invalid(c.url, `the option "hostKey" is no public key`, "write it like a line of ssh-keyscan without the host: ssh-ed25519 AAAAC3Nz…")
	}
	check := func(_ string, _ net.Addr, key ssh.PublicKey) error {
		if string(key.Marshal()) == string(pinned.Marshal()) {
			return nil
		}
		return c.distrusted(fmt.Errorf("the server shows the key %s, which is not the one of the option hostKey", ssh.FingerprintSHA256(key)),
			fmt.Sprintf("somebody may be in between; if the server's operator confirms the fingerprint, set hostKey to the line that this prints: ssh-keyscan -p %s %s", c.port, c.host))
	}
	return check, algorithmsOf(pinned.Type()), nil
}

// judge makes what the known_hosts file says of a key understandable.
func (c config) judge(err error, key ssh.PublicKey) error {
	var unknown *knownhosts.KeyError
	if err == nil {
		return nil
	}
	fingerprint := ssh.FingerprintSHA256(key)
	scan := fmt.Sprintf("ssh-keyscan -p %s %s >> %s", c.port, c.host, c.knownHosts)
	switch {
	case errors.As(err, &unknown) && len(unknown.Want) == 0:
		return c.distrusted(fmt.Errorf("the server shows the key %s, which is not known", fingerprint),
			"if its operator confirms the fingerprint, run: "+scan)
	case errors.As(err, &unknown):
		return c.distrusted(fmt.Errorf("the server shows the key %s, which is not the known one", fingerprint),
			fmt.Sprintf("somebody may be in between; if its operator confirms the new fingerprint, run: ssh-keygen -f %s -R '%s' && %s", c.knownHosts, knownhosts.Normalize(c.addr()), scan))
	default:
		return c.distrusted(fmt.Errorf("the server shows the key %s: %w", fingerprint, err), "ask its operator for a key that is valid")
	}
}

func (c config) distrusted(err error, remedy string) error {
	return &connectors.Error{Kind: connectors.KindHostKey, Op: "connect to", Path: c.url, Err: err, Remedy: remedy}
}

// algorithmsOf gives the signature algorithms of a type of key.
func algorithmsOf(keyType string) []string {
	if keyType == ssh.KeyAlgoRSA {
		return []string{ssh.KeyAlgoRSASHA512, ssh.KeyAlgoRSASHA256}
	}
	return []string{keyType}
}

// noKey is nobody's key: asking for it brings out what keys are known.
type noKey struct{}

func (noKey) Type() string                        { return "none" }
func (noKey) Marshal() []byte                     { return nil }
func (noKey) Verify([]byte, *ssh.Signature) error { return errors.New("no key") }
