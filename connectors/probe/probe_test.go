package probe_test

import (
	"bytes"
	"context"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"gantry/connectors"
	"gantry/connectors/ftp"
	"gantry/connectors/local"
	"gantry/connectors/probe"
	"gantry/connectors/s3compat"
	"gantry/connectors/servers"
	"gantry/connectors/sftp"
)

func run(t *testing.T, c connectors.Connector, l connectors.Location) (connectors.Profile, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	return probe.Run(ctx, probe.Options{
		Connector: c.Name, Speed: true, FileSize: 2 << 20,
		Open: func(ctx context.Context) (connectors.Place, error) { return c.Open(ctx, l) },
	})
}

// can fails unless the profile says yes to all of these.
func can(t *testing.T, p connectors.Profile, what ...string) {
	t.Helper()
	for _, each := range what {
		if p.Can[each] != "yes" {
			t.Errorf("%s: %q", each, p.Can[each])
		}
	}
}

// clean fails if a probe has left something behind.
func clean(t *testing.T, dir string) {
	t.Helper()
	left, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, each := range left {
		t.Errorf("the probe has left %s behind", each.Name())
	}
}

func TestFolder(t *testing.T) {
	dir := t.TempDir()
	p, err := run(t, local.Connector(), connectors.Location{URL: "file://" + dir})
	if err != nil {
		t.Fatal(err)
	}
	can(t, p, "list", "write", "read", "read from an offset", "replace", "refuse to replace", "resume uploads", "rename", "rename onto a file", "set the time")
	if p.Proof != "readback" || p.Commit != "atomic" || p.ClockSkew != 0 || p.Connector != "local" || p.Parallel == 0 {
		t.Errorf("%+v", p)
	}
	clean(t, dir)
}

func TestSFTP(t *testing.T) {
	s, err := servers.StartSSHD(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	l := connectors.Location{URL: s.URL(dir), Options: map[string]string{"identityFile": s.IdentityFile, "knownHosts": s.KnownHosts}}
	p, err := run(t, sftp.Connector(), l)
	if err != nil {
		t.Fatal(err)
	}
	can(t, p, "list", "write", "read", "replace", "refuse to replace", "resume uploads", "rename", "digests on demand")
	if p.Proof != "native xxh128" || p.Commit != "atomic" || !strings.Contains(p.Software, "OpenSSH") || !slices.Contains(p.Features, "digest xxh128") || len(p.Options) > 0 {
		t.Errorf("%+v", p)
	}
	clean(t, dir)
}

// What a server for files alone answers to a command is told, and it is not asked again.
func TestSFTPWithoutCommands(t *testing.T) {
	s, err := servers.StartSSHDWith(t.Context(), t.TempDir(), servers.SSHDOptions{Lines: []string{"ForceCommand internal-sftp"}})
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	l := connectors.Location{URL: s.URL(dir), Options: map[string]string{"identityFile": s.IdentityFile, "knownHosts": s.KnownHosts}}
	p, err := run(t, sftp.Connector(), l)
	if err != nil {
		t.Fatal(err)
	}
	if answer := p.Can["digests on demand"]; p.Proof != "readback" || !strings.Contains(answer, "does not run commands") || p.Options["digestCommands"] != "none" {
		t.Errorf("%q: %+v", answer, p)
	}
	clean(t, dir)
}

func TestBucket(t *testing.T) {
	g, err := servers.StartVersityGW(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("PROBE_ACCESS", g.AccessKey)
	t.Setenv("PROBE_SECRET", g.SecretKey)
	if err := g.MakeBucket(t.Context(), "probed"); err != nil {
		t.Fatal(err)
	}
	l := connectors.Location{
		URL:     "s3+" + g.Endpoint + "/probed",
		Options: map[string]string{"region": g.Region, "accessKey": "env:PROBE_ACCESS", "secretKey": "env:PROBE_SECRET"},
	}
	p, err := run(t, s3compat.Connector(), l)
	if err != nil {
		t.Fatal(err)
	}
	can(t, p, "list", "write", "read", "replace", "refuse to replace", "resume uploads", "check digests")
	if p.Proof != "native crc64nvme" || p.Commit != "atomic" {
		t.Errorf("%+v", p)
	}
	place, err := s3compat.Connector().Open(t.Context(), l)
	if err != nil {
		t.Fatal(err)
	}
	defer place.Close()
	for e, err := range place.List(t.Context(), "") {
		t.Errorf("the probe has left %s behind, %v", e.Path, err)
	}

	t.Setenv("PROBE_SECRET", "wrong")
	if _, err := run(t, s3compat.Connector(), l); connectors.KindOf(err) != connectors.KindAuth {
		t.Errorf("a wrong secret: %v", err)
	}
}

func TestReadOnly(t *testing.T) {
	p, err := run(t, place(func(p connectors.Place) connectors.Place { return readOnly{p} }), connectors.Location{URL: "file://" + t.TempDir()})
	if err != nil || p.Commit != "" || p.Proof != "" || !strings.HasPrefix(p.Can["write"], "no: permission denied") || p.Can["list"] != "yes" {
		t.Errorf("%+v, %v", p, err)
	}
}

func TestLiar(t *testing.T) {
	dir := t.TempDir()
	p, err := run(t, place(func(p connectors.Place) connectors.Place { return liar{p} }), connectors.Location{URL: "file://" + dir})
	if err != nil || p.Proof != "none" || !hasQuirk(p, "wrong-bytes") {
		t.Errorf("%+v, %v", p, err)
	}
	clean(t, dir)
}

func TestInterruptedCleansUp(t *testing.T) {
	dir := t.TempDir()
	ctx, cancel := context.WithCancel(t.Context())
	_, err := probe.Run(ctx, probe.Options{
		Open: func(ctx context.Context) (connectors.Place, error) {
			return local.Connector().Open(ctx, connectors.Location{URL: "file://" + dir})
		},
		Step: func(what string) {
			if what == "rename" {
				cancel()
			}
		},
	})
	if connectors.KindOf(err) != connectors.KindCanceled {
		t.Errorf("%v", err)
	}
	clean(t, dir)
}

func TestNothingThere(t *testing.T) {
	_, err := run(t, local.Connector(), connectors.Location{URL: "file://" + filepath.Join(t.TempDir(), "no"), Options: map[string]string{"create": "false"}})
	if connectors.KindOf(err) != connectors.KindNotFound {
		t.Errorf("%v", err)
	}
}

func hasQuirk(p connectors.Profile, name string) bool {
	for _, q := range p.Quirks {
		if q.Name == name {
			return true
		}
	}
	return false
}

// place makes a connector to folders that are wrapped.
func place(wrap func(connectors.Place) connectors.Place) connectors.Connector {
	return connectors.Connector{Open: func(ctx context.Context, l connectors.Location) (connectors.Place, error) {
		p, err := local.Connector().Open(ctx, l)
		if err != nil {
			return nil, err
		}
		return wrap(p), nil
	}}
}

type readOnly struct{ connectors.Place }

func (readOnly) Begin(_ context.Context, path string, _ connectors.UploadOptions) (connectors.Upload, error) {
	return nil, connectors.Errorf(connectors.KindPermission, "begin", path, "read-only file system")
}

func (readOnly) Remove(_ context.Context, path string) error {
	return connectors.Errorf(connectors.KindPermission, "remove", path, "read-only file system")
}

// A liar gives back other bytes than it was given.
type liar struct{ connectors.Place }

func (l liar) Unwrap() connectors.Place { return l.Place }

func (l liar) RemoveFolder(ctx context.Context, path string) error {
	return l.Place.(connectors.Foldered).RemoveFolder(ctx, path)
}

func (l liar) Open(ctx context.Context, path string, offset, length int64) (io.ReadCloser, error) {
	r, err := l.Place.Open(ctx, path, offset, length)
	if err != nil {
		return nil, err
	}
	data, err := io.ReadAll(r)
	if err != nil {
		return nil, err
	}
	if len(data) > 0 {
		data[0] ^= 1
	}
	return io.NopCloser(bytes.NewReader(data)), r.Close()
}

func TestFTP(t *testing.T) {
	s, err := servers.StartProFTPD(t.Context(), t.TempDir(), servers.FTPOptions{})
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("PROBE_FTP", s.Password)
	p, err := run(t, ftp.Connector(), connectors.Location{
		URL: "ftp://" + s.User + "@" + s.Addr + s.Root, Options: map[string]string{"password": "env:PROBE_FTP"},
	})
	if err != nil {
		t.Fatal(err)
	}
	can(t, p, "list", "write", "read", "replace", "refuse to replace", "resume uploads", "rename", "rename onto a file")
	if p.Commit != "atomic" || hasQuirk(p, "no-atomic-replace") || !strings.Contains(p.Software, "ProFTPD") {
		t.Errorf("%+v", p)
	}
	clean(t, s.Dir)
}
