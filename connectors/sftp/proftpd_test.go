package sftp_test

import (
	"crypto/md5"
	"encoding/hex"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gantry/connectors"
	"gantry/connectors/connectortest"
	"gantry/connectors/servers"
	"gantry/connectors/sftp"
)

// TestConformanceProFTPD is the same against a server of another make, which has
// check-file and takes small requests only.
func TestConformanceProFTPD(t *testing.T) {
	t.Parallel()
	s := startProFTPD(t)
	connectortest.Run(t, func(t *testing.T) connectortest.Site {
		if strings.HasSuffix(t.Name(), "/Names/TooLong") {
			t.Skip("ProFTPD needs a minute and a half to list 200 folders in each other: its time grows with the cube of the depth")
		}
		dir := t.TempDir()
		l := location(s, dir)
		return connectortest.Site{Dir: dir, Slow: true, Open: func() (connectors.Place, error) { return sftp.Connector().Open(t.Context(), l) }}
	})
}

func startProFTPD(t *testing.T) *servers.SSHD {
	t.Helper()
	s, err := servers.StartProFTPDSFTP(t.Context(), t.TempDir())
	must(t, err)
	t.Cleanup(func() { _ = s.Stop() })
	return s
}

func TestProFTPDHashes(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	place := open(t, location(startProFTPD(t), dir))
	hasher, ok := connectors.As[connectors.Hasher](place)
	if !ok {
		t.Fatal("no Hasher, although the server has check-file")
	}
	if got := place.Traits().Computes; len(got) != 3 {
		t.Errorf("it computes %v", got)
	}
	content := strings.Repeat("frames", 100<<10)
	must(t, os.WriteFile(filepath.Join(dir, "clip"), []byte(content), 0o600))
	got, err := hasher.Hash(t.Context(), "clip", connectors.MD5, connectors.SHA1, connectors.SHA256, connectors.XXH128)
	must(t, err)
	sum := md5.Sum([]byte(content))
	if len(got) != 3 || got[connectors.MD5] != hex.EncodeToString(sum[:]) {
		t.Errorf("hash = %v; want MD5, SHA-1 and SHA-256, and no XXH128", got)
	}
	l := location(start(t), dir)
	l.Options["digestCommands"] = "none"
	if _, ok := connectors.As[connectors.Hasher](open(t, l)); ok {
		t.Error("OpenSSH has no check-file, and the place has a Hasher")
	}
}

// The password of a real server.
func TestProFTPDPassword(t *testing.T) {
	t.Setenv("SSH_AUTH_SOCK", "")
	s := startProFTPD(t)
	t.Setenv("SFTP_TEST_RIGHT", s.Password)
	l := location(s, t.TempDir())
	delete(l.Options, "identityFile")
	l.Options["password"] = "env:SFTP_TEST_RIGHT"
	open(t, l)
	t.Setenv("SFTP_TEST_RIGHT", "open barley")
	wantRefusal(t, "a wrong password", l, connectors.KindAuth, "publickey or password")
}

// TestACommitThatIsRefusedLeavesTheUploadWhereItIs, also on a server that works on several
// requests at once, and that calls a file lost which is closed while it is synced.
func TestACommitThatIsRefusedLeavesTheUploadWhereItIs(t *testing.T) {
	t.Parallel()
	place := open(t, location(startProFTPD(t), t.TempDir()))
	parts := []connectors.Part{{Number: 1, Size: 4}, {Number: 2, Offset: 4, Size: 4}}
	for try := range 40 {
		up, err := place.Begin(t.Context(), "clip", connectors.UploadOptions{Size: 8})
		must(t, err)
		_, err = up.WritePart(t.Context(), parts[0], strings.NewReader("head"))
		must(t, err)
		if _, err := up.Commit(t.Context(), connectors.Whole{Size: 8, Parts: parts}); err == nil {
			t.Fatal("a file was committed that lacks its end")
		}
		if _, err := up.WritePart(t.Context(), parts[1], strings.NewReader("tail")); err != nil {
			t.Fatalf("after a commit that came too early, the %dth time: %v", try+1, err)
		}
		_, err = up.Commit(t.Context(), connectors.Whole{Size: 8, Parts: parts})
		must(t, err)
	}
}
