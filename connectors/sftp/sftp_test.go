package sftp_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/crypto/ssh"

	"gantry/connectors"
	"gantry/connectors/connectortest"
	"gantry/connectors/servers"
	"gantry/connectors/sftp"
)

// TestConformance runs against OpenSSH as it is, whose commands digest files. Without its
// extensions, it runs behind the gateway of TestConformanceGateway, and there no command is
// tried.
func TestConformance(t *testing.T) {
	t.Parallel()
	conformance(t, start(t))
}

func conformance(t *testing.T, s *servers.SSHD) {
	connectortest.Run(t, func(t *testing.T) connectortest.Site {
		dir := t.TempDir()
		l := location(s, dir)
		return connectortest.Site{Dir: dir, Open: func() (connectors.Place, error) {
			place, err := sftp.Connector().Open(t.Context(), l)
			if err == nil && strings.Contains(t.Name(), "Hash") && survey(t, place) != "" {
				t.Error("OpenSSH runs no commands")
			}
			return place, err
		}}
	})
}

// start runs a real server for the test.
func start(t *testing.T) *servers.SSHD {
	t.Helper()
	s, err := servers.StartSSHD(t.Context(), t.TempDir())
	must(t, err)
	t.Cleanup(func() { _ = s.Stop() })
	return s
}

// startBare runs a server that denies all extensions: it binds the user's key to
// a command that does.
func startBare(t *testing.T) *servers.SSHD {
	t.Helper()
	s := start(t)
	key, err := os.ReadFile(s.IdentityFile)
	must(t, err)
	signer, err := ssh.ParsePrivateKey(key)
	must(t, err)
	line := fmt.Sprintf(`command="internal-sftp -P posix-rename,statvfs,fstatvfs,hardlink,fsync,lsetstat,limits,expand-path,copy-data" %s`,
		ssh.MarshalAuthorizedKey(signer.PublicKey()))
	must(t, os.WriteFile(filepath.Join(filepath.Dir(s.IdentityFile), "authorized_keys"), []byte(line), 0o600))
	return s
}

// location is a folder of the server, with what it takes to log in.
func location(s *servers.SSHD, path string) connectors.Location {
	return connectors.Location{URL: s.URL(path), Options: map[string]string{"identityFile": s.IdentityFile, "knownHosts": s.KnownHosts}}
}

func open(t *testing.T, l connectors.Location) connectors.Place {
	t.Helper()
	place, err := sftp.Connector().Open(t.Context(), l)
	must(t, err)
	t.Cleanup(func() { _ = place.Close() })
	return place
}

// The hands of the tests are those of all connectors.
const partSize = connectortest.ClipPart

var (
	must, wantKind       = connectortest.Must, connectortest.WantKind
	part, frames         = connectortest.Part, connectortest.Frames
	begin, write, commit = connectortest.Begin, connectortest.Write, connectortest.Commit
	wantClip, during     = connectortest.WantClip, connectortest.During
)

func TestRoots(t *testing.T) {
	t.Parallel()
	s := start(t)
	dir := t.TempDir()
	must(t, os.WriteFile(filepath.Join(dir, "file"), nil, 0o600))
	home, err := os.UserHomeDir()
	must(t, err)
	below, err := filepath.Rel(home, dir)
	must(t, err)

	if _, err := open(t, location(s, "/~/"+below)).Stat(t.Context(), "file"); err != nil {
		t.Errorf("a path below the home: %v", err)
	}
	if _, err := open(t, location(s, "/")).Stat(t.Context(), filepath.Join(dir, "file")[1:]); err != nil {
		t.Errorf("the server's root: %v", err)
	}

	made := open(t, location(s, filepath.Join(dir, "a", "b")))
	for _, err := range made.List(t.Context(), "") {
		wantKind(t, "list a root that is not there", err, connectors.KindNotFound)
	}
	for _, err := range made.List(t.Context(), "below") {
		wantKind(t, "list below a root that is not there", err, connectors.KindNotFound)
	}
	up := begin(t, made, "clip", "")
	write(t, up, 1, 2, 3, 4)
	commit(t, up)
	wantClip(t, filepath.Join(dir, "a", "b", "clip"))

	missing := location(s, filepath.Join(dir, "missing"))
	missing.Options["create"] = "false"
	_, err = sftp.Connector().Open(t.Context(), missing)
	wantKind(t, "open a root that is not there and must not be made", err, connectors.KindNotFound)
	_, err = sftp.Connector().Open(t.Context(), location(s, filepath.Join(dir, "file")))
	wantKind(t, "open a file as the root", err, connectors.KindInvalid)
}

func TestBadLocations(t *testing.T) {
	t.Parallel()
	for name, l := range map[string]connectors.Location{
		"no host":             {URL: "sftp:///path"},
		"a password":          {URL: "sftp://me:hunter2@host/"},
		"a fragment":          {URL: "sftp://host/a#b"},
		"a bad duration":      {URL: "sftp://host/", Options: map[string]string{"timeout": "soon"}},
		"a bad switch":        {URL: "sftp://host/", Options: map[string]string{"create": "perhaps"}},
		"an unknown option":   {URL: "sftp://host/", Options: map[string]string{"cipher": "none"}},
		"a bad host key":      {URL: "sftp://host/", Options: map[string]string{"hostKey": "none"}},
		"a literal as secret": {URL: "sftp://host/", Options: map[string]string{"password": "hunter2"}},
	} {
		_, err := sftp.Connector().Open(t.Context(), l)
		wantKind(t, name, err, connectors.KindInvalid)
		if bytes.Contains([]byte(err.Error()), []byte("hunter2")) {
			t.Errorf("%s: the error tells the secret: %v", name, err)
		}
	}
}
