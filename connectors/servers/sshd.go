package servers

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// An SSHD is a running SSH server, OpenSSH or ProFTPD, for one user, whose SFTP
// subsystem sees the whole file system as the user that runs this process does.
type SSHD struct {
	Addr         string // host:port
	User         string // who may log in: with OpenSSH the user that runs this process
	Password     string // another way to log in; "" = keys only, as with OpenSSH, whose passwords are the system's
	IdentityFile string // private key that it accepts, in OpenSSH's format, without a passphrase
	KnownHosts   string // known_hosts file with its host key
	Dir          string // the folder that a login lands in
	LogFile      string

	command command
	process *process
}

// SSHDOptions are what the tests vary of an OpenSSH server.
type SSHDOptions struct {
	// Lines are further ones of sshd_config, before ours: the first of two wins
	// there.
	Lines []string

	// TrustedUserCA is an authority's public key, as in authorized_keys. Users with
	// a certificate of it may log in.
	TrustedUserCA string
}

// StartSSHD starts a server with a host key and a user key of its own, and
// returns when it accepts connections. It works for root and for an ordinary
// user. Keys that dir holds from an earlier start are used again. Other servers
// of this machine can be reached through it (ProxyJump).
func StartSSHD(ctx context.Context, dir string) (*SSHD, error) {
	return StartSSHDWith(ctx, dir, SSHDOptions{})
}

// StartSSHDWith is StartSSHD with options.
func StartSSHDWith(ctx context.Context, dir string, o SSHDOptions) (*SSHD, error) {
	bin, err := Find("sshd")
	if err != nil {
		return nil, err
	}
	if dir, err = filepath.Abs(dir); err != nil {
		return nil, err
	}
	me, err := user.Current()
	if err != nil {
		return nil, fmt.Errorf("start sshd: %w", err)
	}
	host, err := prepareKeys(dir)
	if err != nil {
		return nil, fmt.Errorf("start sshd: %w", err)
	}
	if os.Getuid() == 0 {
		// A container without an init has no such folder, and sshd insists on it.
		if err := os.MkdirAll("/run/sshd", 0o755); err != nil {
			return nil, fmt.Errorf("start sshd: %w", err)
		}
	}
	s := &SSHD{
		User:         me.Username,
		Dir:          me.HomeDir,
		IdentityFile: filepath.Join(dir, userKey),
		KnownHosts:   filepath.Join(dir, "known_hosts"),
		LogFile:      filepath.Join(dir, "sshd.log"),
	}
	config := filepath.Join(dir, "sshd_config")
	further := o.Lines
	if o.TrustedUserCA != "" {
		authority := filepath.Join(dir, "user_ca.pub")
		if err := os.WriteFile(authority, []byte(strings.TrimSpace(o.TrustedUserCA)+"\n"), 0o644); err != nil {
			return nil, fmt.Errorf("start sshd: %w", err)
		}
		further = append(further[:len(further):len(further)], fmt.Sprintf("TrustedUserCAKeys %q", authority))
	}
	s.command = command{
		name:  "sshd",
		log:   s.LogFile,
		ready: greets,
		argv: func(port int) ([]string, error) {
			if err := configureSSHD(bin, config, dir, port, further); err != nil {
				return nil, err
			}
			return []string{bin, "-D", "-f", config, "-E", s.LogFile}, nil
		},
	}
	if s.process, s.Addr, err = start(ctx, s.command, 0); err != nil {
		return nil, err
	}
	if err := host.writeKnownHosts(s.KnownHosts, s.Addr); err != nil {
		_ = s.Stop()
		return nil, fmt.Errorf("start sshd: %w", err)
	}
	return s, nil
}

// URL gives the sftp URL of an absolute path.
func (s *SSHD) URL(absPath string) string {
	u := url.URL{Scheme: "sftp", User: url.User(s.User), Host: s.Addr, Path: absPath}
	return u.String()
}

// Pid is the process that listens.
func (s *SSHD) Pid() int { return s.process.pid }

// Stop ends the server and cuts its sessions. It may be called more than once.
func (s *SSHD) Stop() error { return s.process.stop() }

// Restart stops the server, and starts it again at the same address.
func (s *SSHD) Restart(ctx context.Context) (err error) {
	if err := s.Stop(); err != nil {
		return err
	}
	s.process, _, err = restart(ctx, s.command, s.Addr)
	return err
}

func restart(ctx context.Context, c command, addr string) (*process, string, error) {
	_, port, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, "", err
	}
	number, err := strconv.Atoi(port)
	if err != nil {
		return nil, "", err
	}
	return start(ctx, c, number)
}

// configureSSHD writes the configuration. Older versions do not know the last
// line, newer ones lock out an address after failed logins without it.
func configureSSHD(bin, path, dir string, port int, further []string) error {
	const penalties = "PerSourcePenalties no"
	lines := append(
		further[:len(further):len(further)],
		"ListenAddress 127.0.0.1",
		fmt.Sprintf("Port %d", port),
		fmt.Sprintf("HostKey %q", filepath.Join(dir, hostKey)),
		fmt.Sprintf("AuthorizedKeysFile %q", filepath.Join(dir, "authorized_keys")),
		"PidFile none",
		"StrictModes no",
		"UsePAM no",
		"UseDNS no",
		"PermitRootLogin prohibit-password",
		"PasswordAuthentication no",
		"KbdInteractiveAuthentication no",
		"PermitUserRC no",
		"PrintMotd no",
		"AllowTcpForwarding yes",
		"LogLevel VERBOSE",
		"MaxStartups 1000",
		"MaxSessions 1000",
		"Subsystem sftp internal-sftp",
		penalties,
	)
	for ; ; lines = lines[:len(lines)-1] {
		if err := os.WriteFile(path, []byte(strings.Join(lines, "\n")+"\n"), 0o600); err != nil {
			return fmt.Errorf("start sshd: %w", err)
		}
		out, err := exec.Command(bin, "-t", "-f", path).CombinedOutput()
		if err == nil {
			return nil
		}
		if lines[len(lines)-1] != penalties {
			return fmt.Errorf("start sshd: its configuration is refused: %s", strings.TrimSpace(string(out)))
		}
	}
}

// greets reads the server's version line.
func greets(ctx context.Context, addr string) error {
	var d net.Dialer
	c, err := d.DialContext(ctx, "tcp", addr)
	if err != nil {
		return err
	}
	defer c.Close()
	if err := c.SetDeadline(time.Now().Add(startTimeout)); err != nil {
		return err
	}
	line, err := bufio.NewReader(c).ReadString('\n')
	if err != nil {
		return err
	}
	if !strings.HasPrefix(line, "SSH-2.0-") {
		return fmt.Errorf("%q is no SSH server", line)
	}
	return nil
}
