package servers_test

import (
	"crypto/ed25519"
	"crypto/rand"
	"os"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"

	"gantry/connectors/servers"
)

func TestSSHDTrustsAnAuthority(t *testing.T) {
	authority, user := newSigner(t), newSigner(t)
	s, err := servers.StartSSHDWith(t.Context(), t.TempDir(), servers.SSHDOptions{TrustedUserCA: string(ssh.MarshalAuthorizedKey(authority.PublicKey()))})
	if err != nil {
		t.Fatal(err)
	}
	certificate := &ssh.Certificate{
		Key: user.PublicKey(), CertType: ssh.UserCert, ValidPrincipals: []string{s.User},
		ValidBefore: uint64(time.Now().Add(time.Hour).Unix()),
	}
	if err := certificate.SignCert(rand.Reader, authority); err != nil {
		t.Fatal(err)
	}
	certified, err := ssh.NewCertSigner(certificate, user)
	if err != nil {
		t.Fatal(err)
	}
	dial := func(signer ssh.Signer) error {
		c, err := ssh.Dial("tcp", s.Addr, &ssh.ClientConfig{
			User: s.User, Auth: []ssh.AuthMethod{ssh.PublicKeys(signer)}, HostKeyCallback: ssh.InsecureIgnoreHostKey(),
		})
		if err == nil {
			err = c.Close()
		}
		return err
	}
	if err := dial(certified); err != nil {
		t.Errorf("with the certificate: %v", err)
	}
	if err := dial(user); err == nil {
		t.Error("the key alone was let in")
	}
}

func TestSSHDLeadsToAnother(t *testing.T) {
	jump, err := servers.StartSSHD(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	target, err := servers.StartSSHD(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	c, err := login(t, jump).Dial("tcp", target.Addr)
	if err != nil {
		t.Fatal(err)
	}
	c.Close()
}

func TestSSHDTakesLines(t *testing.T) {
	s, err := servers.StartSSHDWith(t.Context(), t.TempDir(), servers.SSHDOptions{Lines: []string{"AllowTcpForwarding no"}})
	if err != nil {
		t.Fatal(err)
	}
	if c, err := login(t, s).Dial("tcp", s.Addr); err == nil {
		c.Close()
		t.Error("it forwards")
	}
	path := t.TempDir() + "/clip"
	if err := os.WriteFile(path, []byte("frames"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := read(t, s, path); got != "frames" {
		t.Errorf("read %q", got)
	}
}

func newSigner(t *testing.T) ssh.Signer {
	t.Helper()
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	signer, err := ssh.NewSignerFromKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return signer
}
