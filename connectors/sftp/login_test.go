package sftp_test

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/pem"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"

	"gantry/connectors"
	"gantry/connectors/sftp"
)

// newKey writes a private key to a file of its own.
func newKey(t *testing.T, passphrase string) (file string, private ed25519.PrivateKey, public ssh.PublicKey) {
	t.Helper()
	_, private, err := ed25519.GenerateKey(rand.Reader)
	must(t, err)
	block, err := ssh.MarshalPrivateKey(private, "")
	if passphrase != "" {
		block, err = ssh.MarshalPrivateKeyWithPassphrase(private, "", []byte(passphrase))
	}
	must(t, err)
	file = filepath.Join(t.TempDir(), "key")
	must(t, os.WriteFile(file, pem.EncodeToMemory(block), 0o600))
	signer, err := ssh.NewSignerFromKey(private)
	must(t, err)
	return file, private, signer.PublicKey()
}

func wantRefusal(t *testing.T, what string, l connectors.Location, kind connectors.Kind, says ...string) {
	t.Helper()
	_, err := sftp.Connector().Open(t.Context(), l)
	wantKind(t, what, err, kind)
	for _, text := range says {
		if !strings.Contains(err.Error(), text) {
			t.Errorf("%s: %v; want it to say %q", what, err, text)
		}
	}
}

func TestHostKey(t *testing.T) {
	t.Parallel()
	s := start(t)
	host, port, err := net.SplitHostPort(s.Addr)
	must(t, err)
	known, err := os.ReadFile(s.KnownHosts)
	must(t, err)
	_, line, _ := strings.Cut(strings.TrimSpace(string(known)), " ")
	shown, _, _, _, err := ssh.ParseAuthorizedKey([]byte(line))
	must(t, err)
	fingerprint, scan := ssh.FingerprintSHA256(shown), "ssh-keyscan -p "+port+" "+host
	_, _, other := newKey(t, "")
	knownHosts := func(lines string) connectors.Location {
		file := filepath.Join(t.TempDir(), "known_hosts")
		must(t, os.WriteFile(file, []byte(lines), 0o600))
		l := location(s, t.TempDir())
		l.Options["knownHosts"] = file
		return l
	}
	otherLine := "[" + host + "]:" + port + " " + string(ssh.MarshalAuthorizedKey(other))

	wantRefusal(t, "a server that is not known", knownHosts("elsewhere "+line+"\n"), connectors.KindHostKey, fingerprint, scan)
	wantRefusal(t, "a server with another key", knownHosts(otherLine), connectors.KindHostKey, fingerprint, scan, "ssh-keygen", "-R '["+host+"]:"+port+"'")
	wantRefusal(t, "a revoked key", knownHosts("@revoked "+string(known)+string(known)), connectors.KindHostKey, fingerprint)
	wantRefusal(t, "a damaged file", knownHosts("[ what"), connectors.KindHostKey, "repair")
	nothing := location(s, t.TempDir())
	nothing.Options["knownHosts"] = filepath.Join(t.TempDir(), "none")
	wantRefusal(t, "no file", nothing, connectors.KindHostKey, fingerprint, scan)

	pinned := nothing
	pinned.Options["hostKey"] = line
	open(t, pinned)
	pinned.Options["hostKey"] = string(ssh.MarshalAuthorizedKey(other))
	wantRefusal(t, "another key than the option's", pinned, connectors.KindHostKey, fingerprint, scan)
}

func TestLogin(t *testing.T) {
	t.Setenv("SSH_AUTH_SOCK", "")
	s := start(t)
	wrong, _, _ := newKey(t, "")
	locked, private, public := newKey(t, "open sesame")
	authorized := filepath.Join(filepath.Dir(s.IdentityFile), "authorized_keys")
	must(t, os.WriteFile(authorized, ssh.MarshalAuthorizedKey(public), 0o600))
	with := func(options ...string) connectors.Location {
		l := location(s, t.TempDir())
		delete(l.Options, "identityFile")
		for i := 0; i < len(options); i += 2 {
			l.Options[options[i]] = options[i+1]
		}
		return l
	}
	t.Setenv("SFTP_TEST_SECRET", "open sesame")
	t.Setenv("SFTP_TEST_WRONG", "open barley")

	open(t, with("identityFile", locked, "passphrase", "env:SFTP_TEST_SECRET"))
	wantRefusal(t, "a key that the server does not know", with("identityFile", wrong), connectors.KindAuth, "identityFile")
	wantRefusal(t, "a wrong passphrase", with("identityFile", locked, "passphrase", "env:SFTP_TEST_WRONG"), connectors.KindAuth)
	wantRefusal(t, "no passphrase", with("identityFile", locked), connectors.KindAuth, "passphrase")
	wantRefusal(t, "no such key", with("identityFile", "/no/such/key"), connectors.KindAuth, "/no/such/key")
	wantRefusal(t, "nothing", with(), connectors.KindAuth, "identityFile")

	keys := agent.NewKeyring()
	must(t, keys.Add(agent.AddedKey{PrivateKey: private}))
	socket := filepath.Join(t.TempDir(), "agent")
	listener, err := net.Listen("unix", socket)
	must(t, err)
	defer listener.Close()
	go func() {
		for {
			c, err := listener.Accept()
			if err != nil {
				return
			}
			go func() { _ = agent.ServeAgent(keys, c) }()
		}
	}()
	t.Setenv("SSH_AUTH_SOCK", socket)
	open(t, with())
}
