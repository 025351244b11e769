package servers

import (
	"bufio"
	"context"
	"crypto/rand"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// A TLSMode is how an FTP server protects its connections.
type TLSMode string

// The modes of an FTP server.
const (
	PlainFTP    TLSMode = ""         // TLS is not offered
	ExplicitTLS TLSMode = "explicit" // AUTH TLS is required before the login, PROT P before a transfer
	ImplicitTLS TLSMode = "implicit" // the first byte is TLS already; PROT P is required before a transfer
)

// FTPOptions are what the tests vary of an FTP server.
type FTPOptions struct {
	TLS          TLSMode
	RequireReuse bool     // data connections must resume the control connection's TLS session
	Lines        []string // of the server's own configuration, after ours; options of the command line for pure-ftpd
}

// An FTPD is a running FTP server with one account, which may do everything with
// the files below Dir: overwrite, append, rename, remove, and set times.
type FTPD struct {
	Addr     string // host:port
	User     string
	Password string
	Dir      string // folder of this machine that is served; the account logs in there
	Root     string // the path of Dir as the server shows it: "/", or Dir where an ordinary user cannot be jailed
	CAFile   string // PEM file with the authority that signed the server's certificate; "" without TLS
	LogFile  string // of the server; what it writes to its standard output is beside it

	command command
	process *process
}

// newFTPD prepares what all FTP servers have in common, below dir.
func newFTPD(name, dir string, o FTPOptions) (*FTPD, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", name, err)
	}
	s := &FTPD{
		User:     "gantry",
		Password: rand.Text(),
		Dir:      filepath.Join(dir, "files"),
		Root:     "/",
		LogFile:  filepath.Join(dir, name+".log"),
	}
	if os.Getuid() != 0 {
		s.Root = s.Dir
	}
	if err := os.MkdirAll(s.Dir, 0o755); err != nil {
		return nil, fmt.Errorf("start %s: %w", name, err)
	}
	s.command = command{name: name, log: filepath.Join(dir, name+".out"), ready: welcomes(o.TLS == ImplicitTLS)}
	switch {
	case o.TLS == PlainFTP && o.RequireReuse:
		return nil, fmt.Errorf("start %s: a session can be reused with TLS only", name)
	case o.TLS != PlainFTP:
		s.CAFile = filepath.Join(dir, authorityFile)
		if err := prepareCertificate(dir); err != nil {
			return nil, fmt.Errorf("start %s: %w", name, err)
		}
	}
	return s, nil
}

func (s *FTPD) start(ctx context.Context) (_ *FTPD, err error) {
	if s.process, s.Addr, err = start(ctx, s.command, 0); err != nil {
		return nil, fmt.Errorf("%w\n%s", err, tail(s.LogFile))
	}
	return s, nil
}

// URL gives the ftp URL of a path below Dir, without the password.
func (s *FTPD) URL(path string) string {
	u := url.URL{Scheme: "ftp", User: url.User(s.User), Host: s.Addr, Path: "/" + strings.TrimPrefix(path, "/")}
	return u.String()
}

// Pid is the process that listens.
func (s *FTPD) Pid() int { return s.process.pid }

// Stop ends the server and cuts its sessions. It may be called more than once.
func (s *FTPD) Stop() error { return s.process.stop() }

// Restart stops the server, and starts it again at the same address with the
// same account and certificate.
func (s *FTPD) Restart(ctx context.Context) (err error) {
	if err := s.Stop(); err != nil {
		return err
	}
	s.process, _, err = restart(ctx, s.command, s.Addr)
	return err
}

// welcomes reads the line that an FTP server greets with.
func welcomes(implicit bool) func(ctx context.Context, addr string) error {
	return func(ctx context.Context, addr string) error {
		var d net.Dialer
		c, err := d.DialContext(ctx, "tcp", addr)
		if err != nil {
			return err
		}
		defer c.Close()
		if err := c.SetDeadline(time.Now().Add(startTimeout)); err != nil {
			return err
		}
		if implicit {
			// Only that it answers is asked here; who it is, the clients check.
			c = tls.Client(c, &tls.Config{InsecureSkipVerify: true}) //nolint:gosec
		}
		line, err := bufio.NewReader(c).ReadString('\n')
		if err != nil {
			return err
		}
		if !strings.HasPrefix(line, "220") {
			return errors.New("it greets with " + strings.TrimSpace(line))
		}
		return nil
	}
}
