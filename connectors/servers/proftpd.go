package servers

import (
	"context"
	"fmt"
	"os"
	"os/user"
	"path/filepath"
	"strings"

	"golang.org/x/crypto/bcrypt"
)

// StartProFTPD starts a ProFTPD below dir, and returns when it accepts
// connections. It has mod_facts (MLSD, MFMT), mod_digest (HASH, XCRC, XMD5,
// XSHA…) and mod_tls. A write-only drop box is made by the Lines
// "<Limit READ DIRS>", "DenyAll", "</Limit>".
func StartProFTPD(ctx context.Context, dir string, o FTPOptions) (*FTPD, error) {
	bin, err := Find("proftpd")
	if err != nil {
		return nil, err
	}
	s, err := newFTPD("proftpd", dir, o)
	if err != nil {
		return nil, err
	}
	state := filepath.Dir(s.Dir)
	lines := []string{"<IfModule !mod_digest.c>", "  LoadModule mod_digest.c", "</IfModule>", "DigestEngine on", "DigestMaxSize 0"}
	if o.TLS != PlainFTP {
		lines = append(
			lines, "<IfModule !mod_tls.c>", "  LoadModule mod_tls.c", "</IfModule>",
			"TLSEngine on", "TLSRequired on", "TLSProtocol TLSv1.2 TLSv1.3",
			quoted("TLSLog", filepath.Join(state, "tls.log")),
			quoted("TLSECCertificateFile", filepath.Join(state, certificateFile)),
			quoted("TLSECCertificateKeyFile", filepath.Join(state, certificateFile)),
		)
		if options := tlsOptions(o); options != "" {
			lines = append(lines, "TLSOptions"+options)
		}
	}
	return s, s.startProFTPD(ctx, bin, append(lines, o.Lines...))
}

func tlsOptions(o FTPOptions) string {
	var options string
	if !o.RequireReuse {
		options += " NoSessionReuseRequired"
	}
	if o.TLS == ImplicitTLS {
		options += " UseImplicitSSL"
	}
	return options
}

// startProFTPD runs the server with one virtual user and further configuration.
func (s *FTPD) startProFTPD(ctx context.Context, bin string, further []string) error {
	state := filepath.Dir(s.Dir)
	users, config := filepath.Join(state, "users"), filepath.Join(state, "proftpd.conf")
	me, group, err := runner()
	if err != nil {
		return fmt.Errorf("start proftpd: %w", err)
	}
	hash, err := bcrypt.GenerateFromPassword([]byte(s.Password), bcrypt.MinCost)
	if err != nil {
		return fmt.Errorf("start proftpd: %w", err)
	}
	account := fmt.Sprintf("%s:%s:%d:%d::%s:/bin/sh\n", s.User, hash, os.Getuid(), os.Getgid(), s.Dir)
	if err := os.WriteFile(users, []byte(account), 0o600); err != nil {
		return fmt.Errorf("start proftpd: %w", err)
	}
	s.command.env = librariesFor(bin)
	s.command.argv = func(port int) ([]string, error) {
		lines := []string{
			"ServerType standalone", "ServerName gantry", "DefaultServer on", "DefaultAddress 127.0.0.1", fmt.Sprintf("Port %d", port),
			"UseIPv6 off", "UseReverseDNS off", "SocketBindTight on", "MaxInstances none",
			"User " + me.Username, "Group " + group.Name, "RootLogin on",
			"AuthOrder mod_auth_file.c", quoted("AuthUserFile", users), "AuthFileOptions InsecurePerms", "RequireValidShell off", "AuthPAM off",
			quoted("PidFile", filepath.Join(state, "pid")), quoted("ScoreboardFile", filepath.Join(state, "scoreboard")), quoted("DelayTable", filepath.Join(state, "delay")),
			"DelayEngine off", "WtmpLog off", "TransferLog none", quoted("SystemLog", s.LogFile), "DebugLevel 2",
			"AllowOverwrite on", "AllowStoreRestart on", "AllowRetrieveRestart on", "Umask 022", "TimesGMT on",
			quoted("ModulePath", modulesOf(bin)),
		}
		if s.Root == "/" {
			lines = append(lines, "DefaultRoot ~")
		}
		lines = append(lines, further...)
		return []string{bin, "-n", "-q", "-c", config}, os.WriteFile(config, []byte(strings.Join(lines, "\n")+"\n"), 0o600)
	}
	_, err = s.start(ctx)
	return err
}

// runner is the account and the group that this process runs as.
func runner() (*user.User, *user.Group, error) {
	me, err := user.Current()
	if err != nil {
		return nil, nil, err
	}
	group, err := user.LookupGroupId(me.Gid)
	return me, group, err
}

func quoted(directive, value string) string { return fmt.Sprintf("%s %q", directive, value) }

// modulesOf is where the modules of a ProFTPD are: beside the program's folder.
func modulesOf(bin string) string {
	return filepath.Join(filepath.Dir(filepath.Dir(bin)), "lib", "proftpd")
}
