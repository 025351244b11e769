package sftp

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"slices"
	"strings"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"

	"gantry/connectors"
)

// A login is one attempt to log in at a hop. It keeps what was noticed on the
// way, since the library only says that it failed.
type login struct {
	hop
	legacy  bool
	notes   []string // why a way was not gone
	wanted  []string // what the server asked for last
	passed  []string // what it was content with so far
	offered []string // the ways that we have
	refusal error    // ours, to answer a question
}

// methods gives the ways to log in, and a function that releases them.
func (l *login) methods(ctx context.Context) ([]ssh.AuthMethod, func(), error) {
	var methods []ssh.AuthMethod
	signers, release, err := l.signers(ctx)
	if err != nil {
		return nil, nil, err
	}
	if signers != nil {
		methods = append(methods, ssh.PublicKeysCallback(signers))
		l.offered = append(l.offered, "publickey")
	}
	password, err := connectors.Secret(l.password)
	if err != nil {
		release()
		return nil, nil, err
	}
	if password != "" {
		methods = append(methods, ssh.Password(password))
		l.offered = append(l.offered, "password")
	}
	// Without a password it only tells what the server asks.
	methods = append(methods, ssh.KeyboardInteractive((&answers{login: l, password: password}).challenge))
	if len(l.offered) == 0 {
		release()
		return nil, nil, l.failed(errors.New("there is nothing to log in with"))
	}
	return methods, release, nil
}

// signers gives the keys of the identity files, or those of the agent.
func (l *login) signers(ctx context.Context) (func() ([]ssh.Signer, error), func(), error) {
	certificate, err := l.ownCertificate()
	if err != nil {
		return nil, nil, err
	}
	if len(l.identities) > 0 {
		var list []ssh.Signer
		for _, file := range l.identities {
			signer, err := l.identity(file)
			if err != nil {
				return nil, nil, err
			}
			list = append(list, l.certified(file, signer, certificate)...)
		}
		return func() ([]ssh.Signer, error) { return l.modern(list), nil }, func() {}, nil
	}
	socket := os.Getenv("SSH_AUTH_SOCK")
	if socket == "" {
		return nil, func() {}, nil
	}
	var d net.Dialer
	conn, err := d.DialContext(ctx, "unix", socket)
	if err != nil {
		l.note("the SSH agent at %s does not answer: %v", socket, err)
		return nil, func() {}, nil
	}
	held := func() ([]ssh.Signer, error) {
		list, err := agent.NewClient(conn).Signers()
		if err != nil {
			l.note("the SSH agent at %s gives no keys: %v", socket, err)
			return nil, err
		}
		if len(list) == 0 {
			l.note("the SSH agent at %s holds no keys", socket)
		}
		var all []ssh.Signer
		for _, signer := range list {
			all = append(all, l.certified("", signer, certificate)...)
		}
		return l.modern(certificatesFirst(all)), nil
	}
	return held, func() { _ = conn.Close() }, nil
}

// modern keeps RSA keys from signing with SHA-1, unless an old server knows nothing
// else: then they offer that too, after the rest.
func (l *login) modern(list []ssh.Signer) []ssh.Signer {
	all := make([]ssh.Signer, 0, len(list))
	for _, signer := range list {
		kind := signer.PublicKey().Type()
		algorithms, ok := signer.(ssh.AlgorithmSigner)
		if !ok || kind != ssh.KeyAlgoRSA && kind != ssh.CertAlgoRSAv01 {
			all = append(all, signer)
			continue
		}
		ways := [][]string{{ssh.KeyAlgoRSASHA512, ssh.KeyAlgoRSASHA256}}
		if l.legacy {
			ways = append(ways, []string{ssh.KeyAlgoRSA})
		}
		for _, way := range ways {
			if only, err := ssh.NewSignerWithAlgorithms(algorithms, way); err == nil {
				all = append(all, only)
			}
		}
	}
	return all
}

func certificatesFirst(list []ssh.Signer) []ssh.Signer {
	slices.SortStableFunc(list, func(a, b ssh.Signer) int { return rank(a) - rank(b) })
	return list
}

func rank(s ssh.Signer) int {
	if strings.Contains(s.PublicKey().Type(), "-cert-") {
		return 0
	}
	return 1
}

func (l *login) identity(file string) (ssh.Signer, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, l.refused(fmt.Errorf("read the private key: %w", err))
	}
	signer, err := ssh.ParsePrivateKey(data)
	var locked *ssh.PassphraseMissingError
	if errors.As(err, &locked) && l.passphrase != "" {
		passphrase, missing := connectors.Secret(l.passphrase)
		if missing != nil {
			return nil, missing
		}
		signer, err = ssh.ParsePrivateKeyWithPassphrase(data, []byte(passphrase))
	}
	if err != nil {
		return nil, l.refused(fmt.Errorf("private key %s: %w", file, err))
	}
	return signer, nil
}

func (l *login) note(format string, args ...any) {
	l.notes = append(l.notes, fmt.Sprintf(format, args...))
}

// observe sees what the server asks for next, and decides nothing.
func (l *login) observe(a *ssh.ClientAuthContext) (ssh.AuthMethod, error) {
	l.wanted, l.passed = a.AllowedMethods, a.PartialSuccessMethods
	return nil, nil
}

// failed explains a login that the server did not let through.
func (l *login) failed(err error) error {
	if l.refusal != nil {
		err = l.refusal
	}
	if len(l.passed) > 0 {
		l.note("the server was content with %s and wants also %s", strings.Join(l.passed, ", "), strings.Join(l.wanted, " or "))
	} else if len(l.wanted) > 0 {
		l.note("the server lets in by %s; offered were %s", strings.Join(l.wanted, " or "), strings.Join(l.offered, ", "))
	}
	for _, note := range l.notes {
		err = fmt.Errorf("%w; %s", err, note)
	}
	return l.refused(err)
}

func (h hop) refused(err error) error {
	return &connectors.Error{
		Kind: connectors.KindAuth, Op: "log in to", Path: h.name, Err: err,
		Remedy: "check the user and the option identityFile (with passphrase and certificate) or password, or load the key into the SSH agent; the server must know the public key",
	}
}
