package servers_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jlaffaye/ftp"

	"gantry/connectors/servers"
)

type startFTPD func(context.Context, string, servers.FTPOptions) (*servers.FTPD, error)

var ftpServers = map[string]startFTPD{
	"vsftpd": servers.StartVSFTPD, "proftpd": servers.StartProFTPD, "pure-ftpd": servers.StartPureFTPD,
}

func TestFTPServersServeFiles(t *testing.T) {
	for name, start := range ftpServers {
		for title, o := range map[string]servers.FTPOptions{
			"plain":    {},
			"explicit": {TLS: servers.ExplicitTLS},
			"implicit": {TLS: servers.ImplicitTLS},
			"reuse":    {TLS: servers.ExplicitTLS, RequireReuse: true},
		} {
			t.Run(name+"/"+title, func(t *testing.T) {
				t.Parallel()
				s := startFTP(t, start, filepath.Join(t.TempDir(), "below"), o)
				sendAndRead(t, s, o, "frames")
				if err := s.Restart(t.Context()); err != nil {
					t.Fatal(err)
				}
				sendAndRead(t, s, o, "other frames")
				if err := s.Stop(); err != nil {
					t.Fatal(err)
				}
				if _, err := ftp.Dial(s.Addr); err == nil {
					t.Error("it answers after Stop")
				}
			})
		}
	}
}

// startFTP skips what the server cannot do, as it says itself.
func startFTP(t *testing.T, start startFTPD, dir string, o servers.FTPOptions) *servers.FTPD {
	t.Helper()
	s, err := start(t.Context(), dir, o)
	if err != nil && strings.HasPrefix(err.Error(), "start pure-ftpd: Debian's ") || err != nil && strings.HasPrefix(err.Error(), "start pure-ftpd: it cannot ") {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Stop() })
	return s
}

func TestFTPServersRefuse(t *testing.T) {
	for name, start := range ftpServers {
		t.Run(name+"/a wrong password", func(t *testing.T) {
			t.Parallel()
			s := startFTP(t, start, t.TempDir(), servers.FTPOptions{})
			s.Password = "wrong"
			if c, err := enter(t, s, servers.FTPOptions{}, nil); err == nil {
				_ = c.Quit()
				t.Error("it let us in")
			}
		})
		t.Run(name+"/data without the session of the control connection", func(t *testing.T) {
			t.Parallel()
			o := servers.FTPOptions{TLS: servers.ExplicitTLS, RequireReuse: true}
			s := startFTP(t, start, t.TempDir(), o)
			c, err := enter(t, s, o, nil)
			if err != nil {
				t.Fatal(err)
			}
			defer c.Quit() //nolint:errcheck
			if err := c.Stor("clip", strings.NewReader("frames")); err == nil {
				t.Error("it took the file")
			}
		})
	}
}

func TestFTPDropBox(t *testing.T) {
	for name, box := range map[string]servers.FTPOptions{
		"vsftpd":  {Lines: []string{"download_enable=NO", "dirlist_enable=NO"}},
		"proftpd": {Lines: []string{"<Limit READ DIRS>", "DenyAll", "</Limit>"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := startFTP(t, ftpServers[name], t.TempDir(), box)
			c, err := enter(t, s, box, nil)
			if err != nil {
				t.Fatal(err)
			}
			defer c.Quit() //nolint:errcheck
			if err := c.Stor("clip", strings.NewReader("frames")); err != nil {
				t.Fatal(err)
			}
			if got, err := os.ReadFile(filepath.Join(s.Dir, "clip")); string(got) != "frames" {
				t.Errorf("it holds %q, %v", got, err)
			}
			if r, err := c.Retr("clip"); err == nil {
				_ = r.Close()
				t.Error("it can be read")
			}
			if entries, err := c.List(""); err == nil && len(entries) > 0 {
				t.Error("it can be listed")
			}
		})
	}
}

func enter(t *testing.T, s *servers.FTPD, o servers.FTPOptions, sessions tls.ClientSessionCache) (*ftp.ServerConn, error) {
	t.Helper()
	options := []ftp.DialOption{ftp.DialWithContext(t.Context())}
	if o.TLS != servers.PlainFTP {
		pem, err := os.ReadFile(s.CAFile)
		if err != nil {
			t.Fatal(err)
		}
		roots := x509.NewCertPool()
		roots.AppendCertsFromPEM(pem)
		// Tickets of TLS 1.3 come after the handshake, when this client is done with it.
		config := &tls.Config{RootCAs: roots, ServerName: "localhost", ClientSessionCache: sessions, MaxVersion: tls.VersionTLS12}
		if o.TLS == servers.ImplicitTLS {
			options = append(options, ftp.DialWithTLS(config))
		} else {
			options = append(options, ftp.DialWithExplicitTLS(config))
		}
	}
	c, err := ftp.Dial(s.Addr, options...)
	if err != nil {
		t.Fatal(err)
	}
	return c, c.Login(s.User, s.Password)
}

// sendAndRead stores, overwrites, renames, lists and reads files.
func sendAndRead(t *testing.T, s *servers.FTPD, o servers.FTPOptions, data string) {
	t.Helper()
	c, err := enter(t, s, o, tls.NewLRUClientSessionCache(8))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Quit() //nolint:errcheck
	if at, err := c.CurrentDir(); err != nil || at != s.Root {
		t.Errorf("the login lands in %q, %v; want %q", at, err, s.Root)
	}
	_ = c.MakeDir("day") // the second round has it already
	for _, text := range []string{"an old one that is longer", data} {
		if err := c.Stor("day/clip", strings.NewReader(text)); err != nil {
			t.Fatal(err)
		}
	}
	if err := c.Append("day/clip", strings.NewReader("+")); err != nil {
		t.Fatal(err)
	}
	if err := c.Rename("day/clip", "day/clip.mov"); err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(filepath.Join(s.Dir, "day", "clip.mov")); string(got) != data+"+" {
		t.Fatalf("the folder holds %q, %v", got, err)
	}
	r, err := c.RetrFrom("day/clip.mov", 2)
	if err != nil {
		t.Fatal(err)
	}
	got, err := io.ReadAll(r)
	if closed := r.Close(); err != nil || closed != nil || string(got) != data[2:]+"+" {
		t.Errorf("read %q, %v, %v", got, err, closed)
	}
	if err := c.Delete("day/clip.mov"); err != nil {
		t.Fatal(err)
	}
}
