package ftp_test

import (
	"bytes"
	"crypto/sha256"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"gantry/connectors"
	"gantry/connectors/ftp"
	"gantry/connectors/servers"
)

// A large file over a slow and distant link is read by several sessions, and
// arrives as it is. Measured on two busy cores: 72 MiB at 24 MiB/s a connection
// and 10 ms there and back took 3.6 s, and 6.2 s over one connection.
func TestLargeFileOverSlowLink(t *testing.T) {
	t.Parallel()
	s, err := servers.StartVSFTPD(t.Context(), t.TempDir(), servers.FTPOptions{})
	must(t, err)
	t.Cleanup(func() { _ = s.Stop() })
	data := make([]byte, 72<<20+12345)
	_, _ = rand.NewChaCha8(sha256.Sum256([]byte("large"))).Read(data)
	must(t, os.WriteFile(filepath.Join(s.Dir, "large"), data, 0o644))
	wire := newSlowLink(t, s.Addr, 5*time.Millisecond, 16<<20)
	place := open(t, wire.through(t, s, ""))
	ftp.ReadBesideBelow(place, 100<<20)
	r, err := place.Open(t.Context(), "large", 1000, -1)
	must(t, err)
	defer r.Close()
	got, err := io.ReadAll(r)
	must(t, err)
	if !bytes.Equal(got, data[1000:]) {
		t.Fatalf("%d bytes of %d, or others", len(got), len(data)-1000)
	}
	if sessions := wire.sessions.Load(); sessions < 2 {
		t.Errorf("it was read over %d session", sessions)
	}
}

// A file that is replaced while several sessions read it is not mixed.
func TestLargeFileReplacedMeanwhile(t *testing.T) {
	t.Parallel()
	s, err := servers.StartVSFTPD(t.Context(), t.TempDir(), servers.FTPOptions{})
	must(t, err)
	t.Cleanup(func() { _ = s.Stop() })
	file := filepath.Join(s.Dir, "large")
	must(t, os.WriteFile(file, make([]byte, 64<<20), 0o644))
	must(t, os.Chtimes(file, time.Time{}, time.Unix(1_700_000_000, 0)))
	place := open(t, newSlowLink(t, s.Addr, 0, 24<<20).through(t, s, ""))
	ftp.ReadBesideBelow(place, 100<<20)
	r, err := place.Open(t.Context(), "large", 0, -1)
	must(t, err)
	defer r.Close()
	_, err = io.CopyN(io.Discard, r, 20<<20)
	must(t, err)
	must(t, os.WriteFile(file+".new", bytes.Repeat([]byte{1}, 64<<20), 0o644))
	must(t, os.Rename(file+".new", file))
	_, err = io.Copy(io.Discard, r)
	wantKind(t, "read", err, connectors.KindChanged)
}
