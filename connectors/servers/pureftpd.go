package servers

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	"golang.org/x/crypto/bcrypt"
)

// pureAccount is the user and the group of a pure-ftpd's sessions, Debian's
// "daemon": it serves nobody as root.
const pureAccount = 1

// StartPureFTPD starts a pure-ftpd below dir, and returns when it accepts
// connections. It needs root, takes explicit TLS only, and cannot require that
// sessions are reused. Its sessions run as user and group 1, so folders that a
// test makes below Dir have to be writable for everybody. Lines are options of
// its command line.
func StartPureFTPD(ctx context.Context, dir string, o FTPOptions) (*FTPD, error) {
	bin, err := Find("pure-ftpd")
	if err != nil {
		return nil, err
	}
	switch {
	case os.Getuid() != 0:
		return nil, errors.New("start pure-ftpd: Debian's serves its accounts only when root starts it")
	case o.TLS == ImplicitTLS:
		return nil, errors.New("start pure-ftpd: Debian's has no implicit TLS")
	case o.RequireReuse:
		return nil, errors.New("start pure-ftpd: it cannot require that TLS sessions are reused")
	}
	s, err := newFTPD("pure-ftpd", dir, o)
	if err != nil {
		return nil, err
	}
	if err := os.Chown(s.Dir, pureAccount, pureAccount); err != nil {
		return nil, fmt.Errorf("start pure-ftpd: %w", err)
	}
	state := filepath.Dir(s.Dir)
	accounts, err := s.pureAccounts(ctx, bin)
	if err != nil {
		return nil, fmt.Errorf("start pure-ftpd: %w", err)
	}
	s.command.env = librariesFor(bin)
	s.command.argv = func(port int) ([]string, error) {
		argv := []string{
			bin, "-S", fmt.Sprintf("127.0.0.1,%d", port), "-4", "-H", "-E", "-A", "-z", "-D",
			"-u", "0", "-c", "1000", "-C", "1000", "-L", "1000000:1000", "-I", "60", "-U", "022:022", "-d", "-d",
			"-l", "puredb:" + accounts, "-g", filepath.Join(state, "pid"), "-O", "clf:" + s.LogFile,
		}
		if o.TLS == ExplicitTLS {
			argv = append(argv, "-Y", "3", "-2", filepath.Join(state, certificateFile))
		}
		return append(argv, o.Lines...), nil
	}
	return s.start(ctx)
}

// pureAccounts makes pure-ftpd's own data base of accounts.
func (s *FTPD) pureAccounts(ctx context.Context, bin string) (string, error) {
	state := filepath.Dir(s.Dir)
	list, db := filepath.Join(state, "accounts"), filepath.Join(state, "accounts.pdb")
	hash, err := bcrypt.GenerateFromPassword([]byte(s.Password), bcrypt.MinCost)
	if err != nil {
		return "", err
	}
	line := fmt.Sprintf("%s:%s:%d:%d::%s/./::::::::::::\n", s.User, hash, pureAccount, pureAccount, s.Dir)
	if err := os.WriteFile(list, []byte(line), 0o600); err != nil {
		return "", err
	}
	pw, err := Find("pure-pw")
	if err != nil {
		return "", err
	}
	cmd := exec.CommandContext(ctx, pw, "mkdb", db, "-f", list)
	cmd.Env = append(environment(), librariesFor(bin)...)
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("pure-pw: %w: %s", err, out)
	}
	return db, nil
}
