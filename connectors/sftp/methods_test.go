package sftp_test

import (
	"crypto/rand"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/bcrypt"
	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"

	"gantry/connectors"
	"gantry/connectors/servers"
)

// An authority signs keys.
type authority struct{ ssh.Signer }

func newAuthority(t *testing.T) authority {
	t.Helper()
	_, private, _ := newKey(t, "")
	signer, err := ssh.NewSignerFromKey(private)
	must(t, err)
	return authority{signer}
}

func (a authority) line() string {
	return strings.TrimSpace(string(ssh.MarshalAuthorizedKey(a.PublicKey())))
}

func (a authority) sign(t *testing.T, key ssh.PublicKey, kind uint32, principal string, until time.Time) *ssh.Certificate {
	t.Helper()
	c := &ssh.Certificate{
		Key: key, CertType: kind, KeyId: "test", ValidPrincipals: []string{principal},
		ValidAfter: uint64(time.Now().Add(-time.Hour).Unix()), ValidBefore: uint64(until.Unix()),
	}
	must(t, c.SignCert(rand.Reader, a))
	return c
}

func startWith(t *testing.T, dir string, o servers.SSHDOptions) *servers.SSHD {
	t.Helper()
	s, err := servers.StartSSHDWith(t.Context(), dir, o)
	must(t, err)
	t.Cleanup(func() { _ = s.Stop() })
	return s
}

// serveAgent runs an agent with these keys and makes it ours.
func serveAgent(t *testing.T, keys ...agent.AddedKey) {
	t.Helper()
	ring := agent.NewKeyring()
	for _, key := range keys {
		must(t, ring.Add(key))
	}
	socket := filepath.Join(t.TempDir(), "agent")
	listener, err := net.Listen("unix", socket)
	must(t, err)
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			c, err := listener.Accept()
			if err != nil {
				return
			}
			go func() { _ = agent.ServeAgent(ring, c) }()
		}
	}()
	t.Setenv("SSH_AUTH_SOCK", socket)
}

func TestCertificates(t *testing.T) {
	t.Setenv("SSH_AUTH_SOCK", "")
	ca, tomorrow := newAuthority(t), time.Now().Add(24*time.Hour)
	s := startWith(t, t.TempDir(), servers.SSHDOptions{TrustedUserCA: ca.line()})
	file, private, public := newKey(t, "")
	write := func(name string, c *ssh.Certificate) string {
		must(t, os.WriteFile(name, ssh.MarshalAuthorizedKey(c), 0o600))
		return name
	}
	with := func(options ...string) connectors.Location {
		l := location(s, t.TempDir())
		delete(l.Options, "identityFile")
		for i := 0; i < len(options); i += 2 {
			l.Options[options[i]] = options[i+1]
		}
		return l
	}
	good := ca.sign(t, public, ssh.UserCert, s.User, tomorrow)

	wantRefusal(t, "the key alone", with("identityFile", file), connectors.KindAuth)
	elsewhere := write(filepath.Join(t.TempDir(), "cert"), good)
	open(t, with("identityFile", file, "certificate", elsewhere))
	beside := write(file+"-cert.pub", good)
	open(t, with("identityFile", file))
	other, _, _ := newKey(t, "")
	open(t, with("identityFile", other+", "+file)) // several keys, the second of which has the certificate

	write(beside, ca.sign(t, public, ssh.UserCert, s.User, time.Now().Add(-time.Minute)))
	wantRefusal(t, "an expired certificate", with("identityFile", file), connectors.KindAuth, "was valid until")
	write(beside, ca.sign(t, public, ssh.UserCert, "somebody-else", tomorrow))
	wantRefusal(t, "somebody else's certificate", with("identityFile", file), connectors.KindAuth)
	write(beside, ca.sign(t, public, ssh.HostCert, s.User, tomorrow))
	wantRefusal(t, "a host's certificate", with("identityFile", file), connectors.KindAuth, "no user's certificate")
	wantRefusal(t, "another key's certificate", with("identityFile", other, "certificate", elsewhere), connectors.KindAuth, "is not of the key")
	wantRefusal(t, "no such certificate", with("identityFile", other, "certificate", "/no/such"), connectors.KindAuth, "/no/such")

	serveAgent(t, agent.AddedKey{PrivateKey: private, Certificate: good})
	open(t, with())
	serveAgent(t, agent.AddedKey{PrivateKey: private})
	wantRefusal(t, "the agent's key alone", with(), connectors.KindAuth)
	open(t, with("certificate", elsewhere))
	serveAgent(t)
	wantRefusal(t, "an agent without keys", with(), connectors.KindAuth, "holds no keys")
}

// The other types of keys that people have, made and used by OpenSSH.
func TestKeyTypes(t *testing.T) {
	t.Setenv("SSH_AUTH_SOCK", "")
	t.Setenv("SFTP_TEST_SECRET", "open sesame")
	s := start(t)
	for name, arguments := range map[string][]string{
		"RSA": {"-t", "rsa", "-b", "2048"}, "RSA as PEM": {"-t", "rsa", "-b", "2048", "-m", "PEM"}, "ECDSA": {"-t", "ecdsa"}, "ECDSA with 521 bits": {"-t", "ecdsa", "-b", "521"},
		"Ed25519": {"-t", "ed25519"},
	} {
		file := filepath.Join(t.TempDir(), "key")
		out, err := exec.Command("ssh-keygen", append(arguments, "-N", "open sesame", "-f", file)...).CombinedOutput()
		if err != nil {
			t.Fatalf("%s: %v: %s", name, err, out)
		}
		public, err := os.ReadFile(file + ".pub")
		must(t, err)
		must(t, os.WriteFile(filepath.Join(filepath.Dir(s.IdentityFile), "authorized_keys"), public, 0o600))
		l := location(s, t.TempDir())
		l.Options["identityFile"], l.Options["passphrase"] = file, "env:SFTP_TEST_SECRET"
		t.Run(name, func(t *testing.T) { open(t, l) })
	}
}

// A server may want two keys, or a key and a password.
func TestSeveralMethods(t *testing.T) {
	t.Setenv("SSH_AUTH_SOCK", "")
	s := startWith(t, t.TempDir(), servers.SSHDOptions{Lines: []string{"AuthenticationMethods publickey,publickey"}})
	second, _, public := newKey(t, "")
	authorized := filepath.Join(filepath.Dir(s.IdentityFile), "authorized_keys")
	first, err := os.ReadFile(authorized)
	must(t, err)
	must(t, os.WriteFile(authorized, append(first, ssh.MarshalAuthorizedKey(public)...), 0o600))
	l := location(s, t.TempDir())
	wantRefusal(t, "one key where two are wanted", l, connectors.KindAuth, "content with publickey")
	l.Options["identityFile"] += "," + second
	open(t, l)
}

// A password of OpenSSH's is one of the system's: this sshd sees a file of
// passwords of its own.
func TestOpenSSHPassword(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("only root can show sshd another /etc/shadow")
	}
	t.Setenv("SSH_AUTH_SOCK", "")
	t.Setenv("SFTP_TEST_RIGHT", "open sesame")
	for _, methods := range []string{"password", "publickey,password"} {
		t.Run(methods, func(t *testing.T) {
			s := startWithPassword(t, "open sesame", methods)
			l := location(s, t.TempDir())
			if methods == "password" {
				delete(l.Options, "identityFile")
			} else {
				wantRefusal(t, "a key where a password is wanted too", l, connectors.KindAuth, "content with publickey and wants also password")
			}
			l.Options["password"] = "env:SFTP_TEST_RIGHT"
			open(t, l)
			t.Setenv("SFTP_TEST_WRONG", "open barley")
			l.Options["password"] = "env:SFTP_TEST_WRONG"
			wantRefusal(t, "a wrong password", l, connectors.KindAuth)
		})
	}
}

// startWithPassword takes the configuration of a server, and runs it in a mount
// namespace of its own.
func startWithPassword(t *testing.T, password, methods string) *servers.SSHD {
	t.Helper()
	dir := t.TempDir()
	s := startWith(t, dir, servers.SSHDOptions{Lines: []string{"PasswordAuthentication yes", "PermitRootLogin yes", "AuthenticationMethods " + methods}})
	must(t, s.Stop())
	hash, err := bcrypt.GenerateFromPassword([]byte(password), bcrypt.MinCost)
	must(t, err)
	shadow := filepath.Join(dir, "shadow")
	must(t, os.WriteFile(shadow, fmt.Appendf(nil, "%s:%s:19000:0:99999:7:::\n", s.User, hash), 0o600))
	sshd, err := servers.Find("sshd")
	must(t, err)
	run := `mount --bind "$1" /etc/shadow && exec "$2" -D -f "$3" -E "$4"`
	server := exec.Command("unshare", "--mount", "sh", "-c", run, "sh", shadow, sshd, filepath.Join(dir, "sshd_config"), s.LogFile)
	must(t, server.Start())
	t.Cleanup(func() { _ = server.Process.Kill(); _ = server.Wait() })
	for range 100 {
		c, err := net.DialTimeout("tcp", s.Addr, time.Second)
		if err == nil {
			_ = c.Close()
			return s
		}
		time.Sleep(50 * time.Millisecond) // nothing tells when it listens
	}
	t.Fatal("sshd does not answer")
	return nil
}
