package sftp

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"

	"gantry/connectors"
)

// auth gives the ways to log in, and a function that releases them.
func (c config) auth(ctx context.Context) ([]ssh.AuthMethod, func(), error) {
	var methods []ssh.AuthMethod
	release := func() {}
	if c.identityFile != "" {
		signer, err := c.identity()
		if err != nil {
			return nil, nil, err
		}
		methods = append(methods, ssh.PublicKeys(signer))
	} else if socket := os.Getenv("SSH_AUTH_SOCK"); socket != "" {
		var d net.Dialer
		if conn, err := d.DialContext(ctx, "unix", socket); err == nil {
			methods = append(methods, ssh.PublicKeysCallback(agent.NewClient(conn).Signers))
			release = func() { _ = conn.Close() }
		}
	}
	password, err := connectors.Secret(c.password)
	if err != nil {
		release()
		return nil, nil, err
	}
	if password != "" {
		methods = append(methods, ssh.Password(password), ssh.KeyboardInteractive(answer(password)))
	}
	if len(methods) == 0 {
		return nil, nil, c.refused(errors.New("there is nothing to log in with"))
	}
	return methods, release, nil
}

func (c config) identity() (ssh.Signer, error) {
	data, err := os.ReadFile(c.identityFile)
	if err != nil {
		return nil, c.refused(fmt.Errorf("read the private key: %w", err))
	}
	passphrase, err := connectors.Secret(c.passphrase)
	if err != nil {
		return nil, err
	}
	var signer ssh.Signer
	if passphrase != "" {
		signer, err = ssh.ParsePrivateKeyWithPassphrase(data, []byte(passphrase))
	} else {
		signer, err = ssh.ParsePrivateKey(data)
	}
	if err != nil {
		return nil, c.refused(fmt.Errorf("private key %s: %w", c.identityFile, err))
	}
	return signer, nil
}

// answer gives the password to each question that a server asks without echo.
func answer(password string) ssh.KeyboardInteractiveChallenge {
	return func(_, _ string, questions []string, echos []bool) ([]string, error) {
		answers := make([]string, len(questions))
		for i := range questions {
			if !echos[i] {
				answers[i] = password
			}
		}
		return answers, nil
	}
}

func (c config) refused(err error) error {
	return &connectors.Error{
		Kind: connectors.KindAuth, Op: "log in to", Path: c.url, Err: err,
		Remedy: "check the user and the option identityFile (with passphrase) or password, or load the key into the SSH agent; the server must know the public key",
	}
}
