package servers

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// StartVSFTPD starts a vsftpd below dir, and returns when it accepts connections.
// Its account is the anonymous one with a password of its own and every right,
// since the others need PAM; it sees the whole file system as the user that runs
// this process, since anonymous ones are not jailed in a folder they may write. A write-only drop box is made by the Lines
// "download_enable=NO" and "dirlist_enable=NO".
func StartVSFTPD(ctx context.Context, dir string, o FTPOptions) (*FTPD, error) {
	bin, err := Find("vsftpd")
	if err != nil {
		return nil, err
	}
	s, err := newFTPD("vsftpd", dir, o)
	if err != nil {
		return nil, err
	}
	me, _, err := runner()
	if err != nil {
		return nil, fmt.Errorf("start vsftpd: %w", err)
	}
	s.User = "anonymous"
	s.Root = s.Dir
	state := filepath.Dir(s.Dir)
	passwords, config := filepath.Join(state, "passwords"), filepath.Join(state, "vsftpd.conf")
	jail := filepath.Join(state, "empty")
	if err := os.MkdirAll(jail, 0o555); err != nil {
		return nil, fmt.Errorf("start vsftpd: %w", err)
	}
	if err := os.WriteFile(passwords, []byte(s.Password+"\n"), 0o600); err != nil {
		return nil, fmt.Errorf("start vsftpd: %w", err)
	}
	s.command.env = librariesFor(bin)
	s.command.argv = func(port int) ([]string, error) {
		lines := []string{
			"listen=YES", "listen_address=127.0.0.1", fmt.Sprintf("listen_port=%d", port), "background=NO",
			"anonymous_enable=YES", "local_enable=NO", "write_enable=YES", "run_as_launching_user=YES", "ftp_username=" + me.Username, "nopriv_user=" + me.Username, "anon_root=" + s.Dir,
			"anon_upload_enable=YES", "anon_mkdir_write_enable=YES", "anon_other_write_enable=YES",
			"anon_world_readable_only=NO", "anon_umask=022", "mdtm_write=YES",
			"secure_email_list_enable=YES", "email_password_file=" + passwords,
			"secure_chroot_dir=" + jail, "force_dot_files=YES", "delay_failed_login=0",
			"connect_from_port_20=NO", "isolate=NO", "isolate_network=NO", "seccomp_sandbox=NO",
			"xferlog_enable=YES", "log_ftp_protocol=YES", "vsftpd_log_file=" + s.LogFile,
		}
		if o.TLS != PlainFTP {
			lines = append(
				lines, "ssl_enable=YES", "allow_anon_ssl=YES", "force_anon_logins_ssl=YES", "force_anon_data_ssl=YES",
				"rsa_cert_file="+filepath.Join(state, certificateFile), "ssl_ciphers=HIGH",
				"implicit_ssl="+yesNo(o.TLS == ImplicitTLS), "require_ssl_reuse="+yesNo(o.RequireReuse), "debug_ssl=YES",
			)
		}
		lines = append(lines, o.Lines...)
		return []string{bin, config}, os.WriteFile(config, []byte(strings.Join(lines, "\n")+"\n"), 0o600)
	}
	return s.start(ctx)
}

func yesNo(yes bool) string {
	if yes {
		return "YES"
	}
	return "NO"
}
