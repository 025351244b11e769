package ftp_test

import (
	"context"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"testing"

	"gantry/connectors"
	"gantry/connectors/connectortest"
	"gantry/connectors/ftp"
	"gantry/connectors/servers"
)

// starter is one of the servers' start functions.
type starter func(context.Context, string, servers.FTPOptions) (*servers.FTPD, error)

// A variant is a server, in a way in which it is met.
type variant struct {
	start   starter
	options servers.FTPOptions
	scheme  string
	part    map[string]string // further options of the location
	slow    bool              // leave out what takes long; its like is tested in full
}

// variants go through the conformance suite.
var variants = map[string]variant{
	"vsftpd":           {servers.StartVSFTPD, servers.FTPOptions{}, "ftp", nil, false},
	"vsftpd+TLS":       {servers.StartVSFTPD, servers.FTPOptions{TLS: servers.ExplicitTLS, RequireReuse: true}, "ftpes", nil, true},
	"proftpd":          {servers.StartProFTPD, servers.FTPOptions{}, "ftp", nil, true},
	"proftpd+Implicit": {servers.StartProFTPD, servers.FTPOptions{TLS: servers.ImplicitTLS, RequireReuse: true}, "ftps", nil, true},
	"pure-ftpd":        {servers.StartPureFTPD, servers.FTPOptions{}, "ftp", nil, false},
}

// unprepared is ProFTPD as it comes.
var unprepared = servers.FTPOptions{Lines: []string{"<Directory /*>", "AllowOverwrite off", "AllowStoreRestart off", "</Directory>"}}

// further ones do so where there is time for it (GANTRY_TEST_ALL=1).
var further = map[string]variant{
	"proftpd+TLS":        {servers.StartProFTPD, servers.FTPOptions{TLS: servers.ExplicitTLS, RequireReuse: true}, "ftpes", nil, true},
	"proftpd+TLS1.2":     {servers.StartProFTPD, servers.FTPOptions{TLS: servers.ExplicitTLS, RequireReuse: true}, "ftpes", map[string]string{"tlsVersion": "1.2"}, true},
	"vsftpd+TLS1.2":      {servers.StartVSFTPD, servers.FTPOptions{TLS: servers.ExplicitTLS, RequireReuse: true}, "ftpes", map[string]string{"tlsVersion": "1.2"}, true},
	"proftpd+LIST":       {servers.StartProFTPD, servers.FTPOptions{}, "ftp", map[string]string{"listing": "list", "passive": "pasv"}, true},
	"proftpd+Unprepared": {servers.StartProFTPD, unprepared, "ftp", map[string]string{"resume": "false"}, true},
	"pure-ftpd+TLS":      {servers.StartPureFTPD, servers.FTPOptions{TLS: servers.ExplicitTLS}, "ftpes", nil, true},
	"pure-ftpd+One":      {servers.StartPureFTPD, servers.FTPOptions{}, "ftp", map[string]string{"connections": "1"}, true},
}

func TestConformance(t *testing.T) {
	t.Parallel()
	run := maps.Clone(variants)
	if os.Getenv("GANTRY_TEST_ALL") != "" {
		maps.Copy(run, further)
	}
	for name, v := range run {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := start(t, v.start, v.options)
			connectortest.Run(t, func(t *testing.T) connectortest.Site {
				dir, err := os.MkdirTemp(s.Dir, "site")
				must(t, err)
				must(t, os.Chmod(dir, 0o777))
				l := v.location(t, s, filepath.Base(dir))
				return connectortest.Site{Dir: dir, Slow: v.slow, Open: func() (connectors.Place, error) { return ftp.Connector().Open(t.Context(), l) }}
			})
		})
	}
}

// TestVariants does with the further ones what matters most: several parts, an
// overwrite, a listing, a rename, a read from the middle.
func TestVariants(t *testing.T) {
	t.Parallel()
	for name, v := range further {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := start(t, v.start, v.options)
			must(t, os.Chmod(s.Dir, 0o777))
			place := open(t, v.location(t, s, ""))
			for range 2 {
				up := begin(t, place, "day/clip", "")
				write(t, up, 1, 2, 3, 4)
				commit(t, up)
			}
			wantClip(t, filepath.Join(s.Dir, "day", "clip"))
			must(t, place.(connectors.Renamer).Rename(t.Context(), "day/clip", "day/other"))
			if got, err := readAll(place, "day/other", partSize-1, 2); err != nil || got != "\x01\x02" {
				t.Errorf("%q, %v", got, err)
			}
			if paths, passed, err := list(t, place, ""); err != nil || len(passed) > 0 || !slices.Equal(paths, []string{"day/other"}) {
				t.Errorf("listed %q, passed over %q, %v", paths, passed, err)
			}
			must(t, place.Remove(t.Context(), "day/other"))
		})
	}
}

func (v variant) location(t *testing.T, s *servers.FTPD, below string) connectors.Location {
	t.Helper()
	l := location(t, s, v.scheme, below)
	maps.Copy(l.Options, v.part)
	return l
}

// location is a folder of the server, with what it takes to log in.
func location(t *testing.T, s *servers.FTPD, scheme, below string) connectors.Location {
	t.Helper()
	password := filepath.Join(t.TempDir(), "password")
	must(t, os.WriteFile(password, []byte(s.Password), 0o600))
	l := connectors.Location{
		URL:     scheme + "://" + s.User + "@" + s.Addr + path.Join("/", s.Root, below),
		Options: map[string]string{"password": "file:" + password},
	}
	if s.CAFile != "" {
		l.Options["caFile"] = s.CAFile
	}
	return l
}

func open(t *testing.T, l connectors.Location) connectors.Place {
	t.Helper()
	place, err := ftp.Connector().Open(t.Context(), l)
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

func connector() connectors.Connector { return ftp.Connector() }
