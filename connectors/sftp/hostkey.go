package sftp

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"slices"
	"strings"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/knownhosts"

	"gantry/connectors"
)

// trust says which keys a hop may have: the check, and the algorithms to ask
// for, since a server with several keys must show the one that is known.
func (c config) trust(h hop) (ssh.HostKeyCallback, []string, error) {
	if h.hostKey != "" {
		return c.trustKey(h)
	}
	known, err := c.known(h)
	if err != nil {
		return nil, nil, err
	}
	keys, authorities := c.expected(h, known)
	check := func(host string, remote net.Addr, key ssh.PublicKey) error {
		return c.judge(h, known(host, remote, key), keys, authorities, key)
	}
	return check, c.algorithms(keys, authorities), nil
}

func (c config) known(h hop) (ssh.HostKeyCallback, error) {
	known, err := knownhosts.New(c.knownHosts)
	if errors.Is(err, fs.ErrNotExist) {
		known, err = knownhosts.New()
	}
	if err != nil {
		return nil, h.distrusted(fmt.Errorf("read the known servers: %w", err), "repair "+c.knownHosts)
	}
	return known, nil
}

// expected gives the keys that the file has for a hop, and those of the
// authorities that may vouch for it.
func (c config) expected(h hop, known ssh.HostKeyCallback) (keys, authorities []ssh.PublicKey) {
	var unknown *knownhosts.KeyError
	if !errors.As(known(h.addr(), &net.TCPAddr{IP: net.IPv4zero}, noKey{}), &unknown) {
		return nil, nil
	}
	lines := linesOf(c.knownHosts)
	for _, want := range unknown.Want {
		if want.Line <= len(lines) && bytes.HasPrefix(lines[want.Line-1], []byte("@cert-authority")) {
			authorities = append(authorities, want.Key)
		} else {
			keys = append(keys, want.Key)
		}
	}
	return keys, authorities
}

func linesOf(file string) [][]byte {
	data, err := os.ReadFile(file)
	if err != nil {
		return nil // whoever could read it a moment ago is told by the check itself
	}
	lines := bytes.Split(data, []byte("\n"))
	for i := range lines {
		lines[i] = bytes.TrimLeft(lines[i], " \t")
	}
	return lines
}

// algorithms puts certificates first where an authority is known, and then what
// fits the keys that are known. Any modern one will do for a server that is not.
func (c config) algorithms(keys, authorities []ssh.PublicKey) []string {
	var list []string
	if len(authorities) > 0 {
		list = certificateAlgorithms()
	}
	for _, key := range keys {
		list = append(list, c.algorithmsOf(key.Type())...)
	}
	if len(keys) == 0 {
		list = append(list, ssh.KeyAlgoED25519, ssh.KeyAlgoECDSA256, ssh.KeyAlgoECDSA384, ssh.KeyAlgoECDSA521)
		list = append(list, c.algorithmsOf(ssh.KeyAlgoRSA)...)
	}
	seen := map[string]bool{}
	return slices.DeleteFunc(list, func(a string) bool { again := seen[a]; seen[a] = true; return again })
}

func certificateAlgorithms() []string {
	return []string{
		ssh.CertAlgoED25519v01, ssh.CertAlgoECDSA256v01, ssh.CertAlgoECDSA384v01, ssh.CertAlgoECDSA521v01,
		ssh.CertAlgoRSASHA512v01, ssh.CertAlgoRSASHA256v01,
	}
}

// algorithmsOf gives the signature algorithms of a type of key.
func (c config) algorithmsOf(keyType string) []string {
	switch {
	case keyType == ssh.KeyAlgoRSA && c.legacy:
		return []string{ssh.KeyAlgoRSASHA512, ssh.KeyAlgoRSASHA256, ssh.KeyAlgoRSA}
	case keyType == ssh.KeyAlgoRSA:
		return []string{ssh.KeyAlgoRSASHA512, ssh.KeyAlgoRSASHA256}
	default:
		return []string{keyType}
	}
}

func (c config) trustKey(h hop) (ssh.HostKeyCallback, []string, error) {
	pinned, _, _, _, err := ssh.ParseAuthorizedKey([]byte(h.hostKey))
	if err != nil {
		return nil, nil, err // configure parsed it
	}
	check := func(_ string, _ net.Addr, key ssh.PublicKey) error {
		if sameKey(key, pinned) {
			return nil
		}
		return h.distrusted(fmt.Errorf("the server shows the key %s, which is not the one of the option hostKey", ssh.FingerprintSHA256(key)),
			fmt.Sprintf("somebody may be in between; if the server's operator confirms the fingerprint, set hostKey to the line that this prints: ssh-keyscan -p %s %s", h.port, h.host))
	}
	return check, c.algorithmsOf(pinned.Type()), nil
}

func sameKey(a, b ssh.PublicKey) bool { return bytes.Equal(a.Marshal(), b.Marshal()) }

// judge makes what the known_hosts file says of a key understandable, and learns
// a key where that is allowed.
func (c config) judge(h hop, err error, keys, authorities []ssh.PublicKey, key ssh.PublicKey) error {
	var unknown *knownhosts.KeyError
	_, certified := key.(*ssh.Certificate)
	isKnown := slices.ContainsFunc(keys, func(k ssh.PublicKey) bool { return sameKey(k, key) })
	if err == nil && (certified || isKnown) {
		return nil
	}
	fingerprint := ssh.FingerprintSHA256(key)
	scan := fmt.Sprintf("ssh-keyscan -p %s %s >> %s", h.port, h.host, c.knownHosts)
	switch {
	case err == nil, errors.As(err, &unknown) && len(keys) == 0 && len(authorities) > 0: // the key of an authority is no host's key
		return h.distrusted(fmt.Errorf("the server shows the key %s without a certificate of a known authority", fingerprint),
			"ask its operator to have its key signed again, or if they confirm the fingerprint, run: "+scan)
	case unknown != nil && len(keys) == 0 && c.acceptNew:
		return c.accept(h, key)
	case unknown != nil && len(keys) == 0:
		return h.distrusted(fmt.Errorf("the server shows the key %s, which is not known", fingerprint),
			"if its operator confirms the fingerprint, run: "+scan)
	case unknown != nil:
		return h.distrusted(fmt.Errorf("the server shows the key %s, which is not the known one", fingerprint),
			fmt.Sprintf("somebody may be in between; if its operator confirms the new fingerprint, run: ssh-keygen -f %s -R '%s' && %s", c.knownHosts, knownhosts.Normalize(h.addr()), scan))
	default:
		return h.distrusted(fmt.Errorf("the server shows the key %s: %s", fingerprint, strings.TrimPrefix(err.Error(), "ssh: ")), "ask its operator for a key that is valid")
	}
}

func (h hop) distrusted(err error, remedy string) error {
	return &connectors.Error{Kind: connectors.KindHostKey, Op: "connect to", Path: h.name, Err: err, Remedy: remedy}
}

// noKey is nobody's key: asking for it brings out what keys are known.
type noKey struct{}

func (noKey) Type() string                        { return "none" }
func (noKey) Marshal() []byte                     { return nil }
func (noKey) Verify([]byte, *ssh.Signature) error { return errors.New("no key") }
