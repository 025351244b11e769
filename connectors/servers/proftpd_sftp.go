package servers

import (
	"context"
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// StartProFTPDSFTP starts a ProFTPD that speaks SFTP (mod_sftp, with the
// extension check-file) below dir, and returns when it accepts connections. Its
// user is a virtual one who sees the whole file system as the user that runs this
// process does, logs in by key or by password, and lands in Dir.
func StartProFTPDSFTP(ctx context.Context, dir string) (*SSHD, error) {
	bin, err := Find("proftpd")
	if err != nil {
		return nil, err
	}
	s, err := newFTPD("proftpd", dir, FTPOptions{})
	if err != nil {
		return nil, err
	}
	s.Root = s.Dir
	s.command.ready = greets
	state := filepath.Dir(s.Dir)
	host, err := prepareKeys(state)
	if err != nil {
		return nil, fmt.Errorf("start proftpd: %w", err)
	}
	client, err := keyIn(filepath.Join(state, userKey))
	if err != nil {
		return nil, fmt.Errorf("start proftpd: %w", err)
	}
	authorized := filepath.Join(state, "authorized_users")
	if err := os.WriteFile(authorized, client.rfc4716(), 0o600); err != nil {
		return nil, fmt.Errorf("start proftpd: %w", err)
	}
	err = s.startProFTPD(ctx, bin, []string{
		"<IfModule !mod_sftp.c>", "  LoadModule mod_sftp.c", "</IfModule>",
		"SFTPEngine on", quoted("SFTPLog", filepath.Join(state, "sftp.log")),
		quoted("SFTPHostKey", filepath.Join(state, hostKey)),
		quoted("SFTPAuthorizedUserKeys", "file:"+authorized),
		"SFTPAuthMethods publickey password", "MaxLoginAttempts 100",
	})
	if err != nil {
		return nil, err
	}
	d := &SSHD{
		Addr: s.Addr, User: s.User, Password: s.Password, Dir: s.Dir,
		IdentityFile: filepath.Join(state, userKey), KnownHosts: filepath.Join(state, "known_hosts"), LogFile: s.LogFile,
		command: s.command, process: s.process,
	}
	if err := host.writeKnownHosts(d.KnownHosts, d.Addr); err != nil {
		_ = d.Stop()
		return nil, fmt.Errorf("start proftpd: %w", err)
	}
	return d, nil
}

// rfc4716 is the public key in the format of that standard.
func (k publicKey) rfc4716() []byte {
	var b strings.Builder
	b.WriteString("---- BEGIN SSH2 PUBLIC KEY ----\n")
	for text := base64.StdEncoding.EncodeToString(k.Marshal()); text != ""; {
		line := text[:min(70, len(text))]
		b.WriteString(line + "\n")
		text = text[len(line):]
	}
	b.WriteString("---- END SSH2 PUBLIC KEY ----\n")
	return []byte(b.String())
}
