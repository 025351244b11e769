package ftp_test

import (
	"bytes"
	"context"
	"crypto/md5"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"gantry/connectors"
	"gantry/connectors/servers"
)

// start runs one of the servers for the test.
func start(t *testing.T, kind starter, o servers.FTPOptions) *servers.FTPD {
	t.Helper()
	s, err := kind(t.Context(), t.TempDir(), o)
	must(t, err)
	t.Cleanup(func() { _ = s.Stop() })
	return s
}

// each runs a test on each kind of server.
func each(t *testing.T, run func(t *testing.T, kind starter)) {
	for name, kind := range map[string]starter{"vsftpd": servers.StartVSFTPD, "proftpd": servers.StartProFTPD, "pure-ftpd": servers.StartPureFTPD} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			run(t, kind)
		})
	}
}

func TestLinkCut(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, kind starter) {
		s := start(t, kind, servers.FTPOptions{})
		must(t, os.Chmod(s.Dir, 0o777))
		wire := newLink(t, s.Addr)
		place := open(t, wire.through(t, s, ""))
		up := begin(t, place, "clip", "")
		write(t, up, 1, 2)
		_, err := up.WritePart(t.Context(), part(3), during(frames(3), 20, wire.Cut))
		if !connectors.Retryable(err) {
			t.Fatalf("write a part while the link is cut: %v", err)
		}
		again(t, func() error {
			_, err := up.WritePart(t.Context(), part(3), bytes.NewReader(frames(3)))
			return err
		})
		write(t, up, 4)
		commit(t, up)
		wantClip(t, filepath.Join(s.Dir, "clip"))

		big := bytes.Repeat([]byte("0123456789abcdef"), 2<<20)
		must(t, os.WriteFile(filepath.Join(s.Dir, "big"), big, 0o644))
		r, err := place.Open(t.Context(), "big", 0, -1)
		must(t, err)
		defer r.Close()
		_, err = io.ReadFull(r, make([]byte, 100))
		must(t, err)
		wire.Cut()
		if _, err = io.Copy(io.Discard, r); !connectors.Retryable(err) {
			t.Fatalf("read while the link is cut: %v", err)
		}
		again(t, func() error { _, err := place.Stat(t.Context(), "clip"); return err })
	})
}

// again tries once more what may be the first to find out that a link was cut, and
// waits for a server that has not yet.
func again(t *testing.T, call func() error) {
	t.Helper()
	var err error
	for range 20 {
		if err = call(); !connectors.Retryable(err) {
			break
		}
	}
	must(t, err)
}

// A listing whose data connection is cut is incomplete, whatever was listed.
func TestLinkCutInListing(t *testing.T) {
	t.Parallel()
	s := start(t, servers.StartVSFTPD, servers.FTPOptions{})
	for i := range 2000 {
		must(t, os.WriteFile(filepath.Join(s.Dir, strings.Repeat("n", 100)+hex.EncodeToString([]byte{byte(i >> 8), byte(i)})), nil, 0o644))
	}
	wire := newSlowLink(t, s.Addr, 0, 500<<10)
	place := open(t, wire.through(t, s, ""))
	time.AfterFunc(150*time.Millisecond, wire.Cut)
	n := 0
	for _, err := range place.List(t.Context(), "") {
		if err != nil {
			if !connectors.Retryable(err) {
				t.Errorf("%v", err)
			}
			return
		}
		n++
	}
	t.Errorf("the listing ends without an error after %d entries", n)
}

func TestLinkSilent(t *testing.T) {
	t.Parallel()
	s := start(t, servers.StartVSFTPD, servers.FTPOptions{})
	wire := newLink(t, s.Addr)
	l := wire.through(t, s, "")
	l.Options["timeout"] = "1s"
	place := open(t, l)
	up := begin(t, place, "clip", "")
	write(t, up, 1)
	release := wire.Block()
	defer release()
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	began := time.Now()
	_, err := up.WritePart(ctx, part(2), bytes.NewReader(frames(2)))
	wantKind(t, "write a part over a silent link, until a time of our own", err, connectors.KindTimeout)
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("a cancelled call ended after %v", took)
	}
	if _, err = up.WritePart(t.Context(), part(2), bytes.NewReader(frames(2))); !connectors.Retryable(err) {
		t.Errorf("write a part over a silent link: %v", err)
	}
	if took := time.Since(began); took > 30*time.Second {
		t.Errorf("the silent link was given up after %v", took)
	}
	release()
	again(t, func() error {
		_, err := up.WritePart(t.Context(), part(2), bytes.NewReader(frames(2)))
		return err
	})
	write(t, up, 3, 4)
	commit(t, up)
	wantClip(t, filepath.Join(s.Dir, "clip"))
}

func TestServerKilledAndRestarted(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, kind starter) {
		s := start(t, kind, servers.FTPOptions{})
		must(t, os.Chmod(s.Dir, 0o777))
		place := open(t, location(t, s, "ftp", ""))
		up := begin(t, place, "clip", "")
		write(t, up, 1, 2)
		_, err := up.WritePart(t.Context(), part(3), during(frames(3), 20, func() { _ = s.Stop() }))
		if !connectors.Retryable(err) {
			t.Fatalf("write a part while the server is killed: %v", err)
		}
		_, err = up.WritePart(t.Context(), part(3), bytes.NewReader(frames(3)))
		wantKind(t, "write a part to a server that is down", err, connectors.KindUnavailable)
		_, err = connector().Open(t.Context(), location(t, s, "ftp", ""))
		wantKind(t, "open a server that is down", err, connectors.KindUnavailable)

		must(t, s.Restart(t.Context()))
		write(t, up, 3)
		up = begin(t, open(t, location(t, s, "ftp", "")), "clip", up.ID())
		write(t, up, 4)
		commit(t, up)
		wantClip(t, filepath.Join(s.Dir, "clip"))
	})
}

func TestCertificates(t *testing.T) {
	t.Parallel()
	s := start(t, servers.StartVSFTPD, servers.FTPOptions{TLS: servers.ExplicitTLS, RequireReuse: true})
	l := location(t, s, "ftpes", "")
	delete(l.Options, "caFile")
	_, err := connector().Open(t.Context(), l)
	wantKind(t, "open a server whose certificate nobody vouches for", err, connectors.KindHostKey)
	if !strings.Contains(err.Error(), "fingerprint") || !strings.Contains(err.Error(), "caFile") {
		t.Errorf("%v", err)
	}
	l = location(t, s, "ftpes", "")
	l.Options["serverName"] = "other.example"
	_, err = connector().Open(t.Context(), l)
	wantKind(t, "open a server whose certificate is another's", err, connectors.KindHostKey)

	_, err = connector().Open(t.Context(), location(t, s, "ftp", ""))
	wantKind(t, "log in in clear text where TLS is wanted", err, connectors.KindAuth)
	if !strings.Contains(err.Error(), "ftpes://") {
		t.Errorf("%v", err)
	}
	l = location(t, s, "ftpes", "")
	wrong := filepath.Join(t.TempDir(), "wrong")
	must(t, os.WriteFile(wrong, []byte("wrong"), 0o600))
	l.Options["password"] = "file:" + wrong
	_, err = connector().Open(t.Context(), l)
	wantKind(t, "log in with a wrong password", err, connectors.KindAuth)

	plain := start(t, servers.StartVSFTPD, servers.FTPOptions{})
	_, err = connector().Open(t.Context(), location(t, plain, "ftpes", ""))
	wantKind(t, "ask for TLS where there is none", err, connectors.KindUnsupported)
}

// A ProFTPD that nobody has prepared lets nothing be overwritten and nothing be
// added to: that is found out before a byte is sent, and each file goes in one go.
func TestUnprepared(t *testing.T) {
	t.Parallel()
	s := start(t, servers.StartProFTPD, unprepared)
	place := open(t, location(t, s, "ftp", ""))
	for range 2 {
		up := begin(t, place, "clip", "")
		write(t, up, 1, 2, 3, 4)
		commit(t, up)
		wantClip(t, filepath.Join(s.Dir, "clip"))
		must(t, up.Abort(t.Context()))
		if traits := place.Traits(); !traits.Streamed || traits.AtomicCommit {
			t.Errorf("%+v", traits)
		}
	}
	up := begin(t, place, "clip", "")
	write(t, up, 1)
	write(t, up, 1, 2) // again from the beginning
	must(t, up.Abort(t.Context()))
	if left, err := os.ReadDir(filepath.Join(s.Dir, ".gantry-uploads")); err == nil && len(left) > 0 {
		t.Errorf("%v is left", left)
	}
}

// ProFTPD computes digests; its end of a range is the byte after the last.
func TestHashOfProFTPD(t *testing.T) {
	t.Parallel()
	s := start(t, servers.StartProFTPD, servers.FTPOptions{})
	data := []byte("what is hashed")
	must(t, os.WriteFile(filepath.Join(s.Dir, "a clip 1 2"), data, 0o644))
	sums, err := open(t, location(t, s, "ftp", "")).(connectors.Hasher).Hash(t.Context(), "a clip 1 2", connectors.SHA256, connectors.MD5, connectors.CRC64NVME)
	must(t, err)
	sha, md := sha256.Sum256(data), md5.Sum(data)
	if len(sums) != 2 || sums[connectors.SHA256] != hex.EncodeToString(sha[:]) || sums[connectors.MD5] != hex.EncodeToString(md[:]) {
		t.Errorf("%v", sums)
	}
}

// A drop box takes files and shows nothing.
func TestDropBox(t *testing.T) {
	t.Parallel()
	s := start(t, servers.StartVSFTPD, servers.FTPOptions{Lines: []string{"download_enable=NO", "dirlist_enable=NO", "cmds_denied=SIZE,MDTM,RNFR,RNTO,DELE,APPE,RMD"}})
	l := location(t, s, "ftp", "")
	l.Options["dropBox"] = "true"
	place := open(t, l)
	if traits := place.Traits(); !traits.WriteOnly || traits.AtomicCommit || !traits.Sequential || !traits.Streamed {
		t.Errorf("%+v", traits)
	}
	up := begin(t, place, "day/clip", "")
	write(t, up, 1, 2, 3, 4)
	commit(t, up)
	must(t, up.Abort(t.Context()))
	wantClip(t, filepath.Join(s.Dir, "day", "clip"))

	up = begin(t, place, "other", "")
	write(t, up, 1, 2)
	_, err := up.WritePart(t.Context(), part(4), bytes.NewReader(frames(4)))
	wantKind(t, "leave a part out", err, connectors.KindNotFound)
	_, _, err = list(t, place, "")
	wantKind(t, "list", err, connectors.KindUnsupported)
	_, err = place.Open(t.Context(), "day/clip", 0, -1)
	wantKind(t, "read", err, connectors.KindUnsupported)
	_, err = up.(connectors.Staged).OpenStaged(t.Context(), 0, -1)
	wantKind(t, "read what was sent so far", err, connectors.KindUnsupported)
	_, err = place.Stat(t.Context(), "day/clip")
	wantKind(t, "stat where the server tells nothing", err, connectors.KindPermission)
	up = begin(t, place, "empty", "")
	_, err = up.Commit(t.Context(), connectors.Whole{})
	must(t, err)
	if info, err := os.Stat(filepath.Join(s.Dir, "empty")); err != nil || info.Size() != 0 {
		t.Errorf("%v, %v", info, err)
	}
}

func TestDescribe(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, kind starter) {
		s := start(t, kind, servers.FTPOptions{})
		d, err := open(t, location(t, s, "ftp", "")).(connectors.Describer).Describe(t.Context())
		must(t, err)
		if d.Software == "" || len(d.Features) == 0 || len(d.Quirks) == 0 {
			t.Errorf("%+v", d)
		}
		t.Logf("%s: %v", d.Software, d.Quirks)
	})
}

func TestUnfinished(t *testing.T) {
	t.Parallel()
	s := start(t, servers.StartProFTPD, servers.FTPOptions{})
	place := open(t, location(t, s, "ftp", ""))
	sweeper := place.(connectors.Sweeper)
	up := begin(t, place, "clip", "")
	write(t, up, 1)
	var found []connectors.Unfinished
	for u, err := range sweeper.Unfinished(t.Context(), "") {
		must(t, err)
		found = append(found, u)
	}
	if len(found) != 1 || found[0].ID != up.ID() || found[0].Size != partSize {
		t.Fatalf("%+v", found)
	}
	must(t, sweeper.Discard(t.Context(), found[0]))
	must(t, sweeper.Discard(t.Context(), found[0]))
	_, err := place.Begin(t.Context(), "clip", connectors.UploadOptions{Resume: up.ID()})
	wantKind(t, "take up what was discarded", err, connectors.KindNotFound)
	wantKind(t, "discard a stranger", sweeper.Discard(t.Context(), connectors.Unfinished{ID: "../clip"}), connectors.KindInvalid)
}

func TestRoots(t *testing.T) {
	t.Parallel()
	s := start(t, servers.StartProFTPD, servers.FTPOptions{})
	must(t, os.MkdirAll(filepath.Join(s.Dir, "a b", "c"), 0o755))
	must(t, os.WriteFile(filepath.Join(s.Dir, "a b", "c", "file"), []byte("x"), 0o644))
	for _, below := range []string{"", "/~/"} {
		l := location(t, s, "ftp", "")
		l.URL = "ftp://" + s.User + "@" + s.Addr + below + "a%20b/c"
		if below == "" {
			l.URL = "ftp://" + s.User + "@" + s.Addr + s.Root + "a%20b/c"
		}
		_, err := open(t, l).Stat(t.Context(), "file")
		must(t, err)
	}
	made := open(t, location(t, s, "ftp", "new/root"))
	_, _, err := list(t, made, "")
	wantKind(t, "list a root that is not there", err, connectors.KindNotFound)
	_, err = upload(made, "clip", "x")
	must(t, err)
	missing := location(t, s, "ftp", "missing")
	missing.Options["create"] = "false"
	_, err = connector().Open(t.Context(), missing)
	wantKind(t, "open a root that is not there and must not be made", err, connectors.KindNotFound)
	if strings.Count(err.Error(), "not found") != 1 {
		t.Errorf("it says the same twice: %v", err)
	}
	_, err = connector().Open(t.Context(), location(t, s, "ftp", "a b/c/file"))
	wantKind(t, "open a file as the root", err, connectors.KindInvalid)
}

func TestBadLocations(t *testing.T) {
	t.Parallel()
	for name, l := range map[string]connectors.Location{
		"no host":             {URL: "ftp:///path"},
		"two ports":           {URL: "ftp://me@127.0.0.1:21021:99/x"},
		"no such port":        {URL: "ftp://host:99999/"},
		"a password":          {URL: "ftp://me:hunter2@host/"},
		"a line break":        {URL: "ftp://host/a%0D%0ADELE%20b"},
		"a query":             {URL: "ftp://host/a?b"},
		"a bad duration":      {URL: "ftp://host/", Options: map[string]string{"timeout": "soon"}},
		"a bad switch":        {URL: "ftp://host/", Options: map[string]string{"create": "perhaps"}},
		"a bad number":        {URL: "ftp://host/", Options: map[string]string{"connections": "0"}},
		"a bad word":          {URL: "ftp://host/", Options: map[string]string{"listing": "nlst"}},
		"a bad zone":          {URL: "ftp://host/", Options: map[string]string{"timezone": "Mars"}},
		"no such file":        {URL: "ftps://host/", Options: map[string]string{"caFile": "/does/not/exist"}},
		"an unknown option":   {URL: "ftp://host/", Options: map[string]string{"cipher": "none"}},
		"a literal as secret": {URL: "ftp://host/", Options: map[string]string{"password": "hunter2"}},
	} {
		_, err := connector().Open(t.Context(), l)
		wantKind(t, name, err, connectors.KindInvalid)
		if strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: the error tells the secret: %v", name, err)
		}
	}
}
