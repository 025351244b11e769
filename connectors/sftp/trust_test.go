package sftp_test

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/knownhosts"

	"gantry/connectors"
	"gantry/connectors/servers"
	"gantry/connectors/sftp"
)

// knowing is a location whose known_hosts holds these lines; "" is no file.
func knowing(t *testing.T, s *servers.SSHD, lines string) connectors.Location {
	t.Helper()
	l := location(s, t.TempDir())
	l.Options["knownHosts"] = filepath.Join(t.TempDir(), "known_hosts")
	if lines != "" {
		must(t, os.WriteFile(l.Options["knownHosts"], []byte(lines), 0o644))
	}
	return l
}

func TestHashedNames(t *testing.T) {
	t.Parallel()
	s := start(t)
	hashed := knownhosts.HashHostname(knownhosts.Normalize(s.Addr))
	open(t, knowing(t, s, "# ours\n\n"+hashed+" "+hostKeyOf(t, s)+"\n"))
}

// A host's certificate of a known authority is enough, and nothing else is if the
// host shows one.
func TestHostCertificates(t *testing.T) {
	t.Parallel()
	ca, dir := newAuthority(t), t.TempDir()
	tomorrow := time.Now().Add(24 * time.Hour)
	plain := startWith(t, dir, servers.SSHDOptions{}) // makes the keys
	host, _, err := net.SplitHostPort(plain.Addr)
	must(t, err)
	public, _, _, _, err := ssh.ParseAuthorizedKey([]byte(hostKeyOf(t, plain)))
	must(t, err)
	file := filepath.Join(dir, "host-cert.pub")
	certify := func(by authority, principal string, until time.Time) {
		must(t, os.WriteFile(file, ssh.MarshalAuthorizedKey(by.sign(t, public, ssh.HostCert, principal, until)), 0o644))
	}
	certify(ca, host, tomorrow)
	must(t, plain.Stop())
	s := startWith(t, dir, servers.SSHDOptions{Lines: []string{fmt.Sprintf("HostCertificate %q", file)}})
	pattern := knownhosts.Normalize(s.Addr)
	trusted := "@cert-authority " + pattern + " " + ca.line() + "\n"

	open(t, knowing(t, s, trusted))
	open(t, knowing(t, s, "@cert-authority "+strings.Replace(pattern, host, "127.0.*", 1)+" "+ca.line()+"\n"))
	open(t, knowing(t, s, pattern+" "+hostKeyOf(t, s)+"\n"+"@cert-authority elsewhere "+ca.line()+"\n")) // its key is known, and its authority is not asked for
	wantRefusal(t, "an authority for elsewhere", knowing(t, s, "@cert-authority elsewhere "+ca.line()+"\n"), connectors.KindHostKey, "not known")
	wantRefusal(t, "another authority", knowing(t, s, "@cert-authority "+pattern+" "+newAuthority(t).line()+"\n"), connectors.KindHostKey)
	wantRefusal(t, "a revoked authority", knowing(t, s, trusted+"@revoked * "+ca.line()+"\n"), connectors.KindHostKey, "revoked")
	wantRefusal(t, "a revoked key", knowing(t, s, trusted+"@revoked * "+hostKeyOf(t, s)+"\n"), connectors.KindHostKey, "revoked")

	for what, again := range map[string]func(){
		"an expired certificate":     func() { certify(ca, host, time.Now().Add(-time.Minute)) },
		"another host's certificate": func() { certify(ca, "elsewhere", tomorrow) },
	} {
		again()
		must(t, s.Restart(t.Context()))
		wantRefusal(t, what, knowing(t, s, trusted), connectors.KindHostKey)
	}
	must(t, s.Stop())
	bare := startWith(t, dir, servers.SSHDOptions{})
	wantRefusal(t, "a key without a certificate", knowing(t, bare, "@cert-authority * "+ca.line()+"\n@cert-authority "+knownhosts.Normalize(bare.Addr)+" "+ca.line()+"\n"), connectors.KindHostKey, "without a certificate")
}

// The key of an authority is not the key of a host.
func TestAuthorityIsNoHost(t *testing.T) {
	t.Parallel()
	s := start(t)
	l := knowing(t, s, "@cert-authority "+knownhosts.Normalize(s.Addr)+" "+hostKeyOf(t, s)+"\n")
	wantRefusal(t, "an authority's key shown by a host", l, connectors.KindHostKey, "without a certificate")
}

func TestAcceptNewHostKey(t *testing.T) {
	t.Parallel()
	s := start(t)
	accepting := func(lines string) connectors.Location {
		l := knowing(t, s, lines)
		l.Options["acceptNewHostKey"] = "true"
		return l
	}
	fresh := accepting("")
	fresh.Options["knownHosts"] = filepath.Join(t.TempDir(), "new", "folder", "known_hosts")
	open(t, fresh)
	info, err := os.Stat(fresh.Options["knownHosts"])
	must(t, err)
	if info.Mode().Perm() != 0o600 {
		t.Errorf("the file has the mode %v", info.Mode())
	}
	fresh.Options["acceptNewHostKey"] = "false"
	open(t, fresh)

	l := accepting("elsewhere " + hostKeyOf(t, s)) // without a newline at its end
	file := l.Options["knownHosts"]
	open(t, l)
	data, err := os.ReadFile(file)
	must(t, err)
	if lines := strings.Split(string(data), "\n"); len(lines) != 3 || !strings.HasPrefix(lines[0], "elsewhere ") || !strings.HasPrefix(lines[1], knownhosts.Normalize(s.Addr)+" ") {
		t.Errorf("known_hosts is now %q", data)
	}

	_, _, other := newKey(t, "")
	changed := accepting(knownhosts.Line([]string{s.Addr}, other) + "\n")
	wantRefusal(t, "a key that has changed", changed, connectors.KindHostKey, "not the known one")
	wantRefusal(t, "a key that was revoked", accepting("@revoked * "+hostKeyOf(t, s)+"\n"), connectors.KindHostKey, "revoked")
	pinned := accepting("")
	pinned.Options["hostKey"] = string(ssh.MarshalAuthorizedKey(other))
	wantRefusal(t, "another key than the option's", pinned, connectors.KindHostKey)
	denied := accepting("")
	denied.Options["knownHosts"] = filepath.Join(os.DevNull, "known_hosts")
	wantRefusal(t, "a file that cannot be", denied, connectors.KindHostKey)
}

// Many may meet many new servers at once, and nobody's line is lost.
func TestAcceptNewHostKeysAtOnce(t *testing.T) {
	t.Parallel()
	first, second := start(t), start(t)
	file := filepath.Join(t.TempDir(), "known_hosts")
	var group sync.WaitGroup
	for i := range 8 {
		s := []*servers.SSHD{first, second}[i%2]
		l := location(s, t.TempDir())
		l.Options["knownHosts"], l.Options["acceptNewHostKey"] = file, "true"
		group.Go(func() {
			place, err := sftp.Connector().Open(t.Context(), l)
			if err != nil {
				t.Error(err)
				return
			}
			_ = place.Close()
		})
	}
	group.Wait()
	data, err := os.ReadFile(file)
	must(t, err)
	if lines := strings.Count(string(data), "\n"); lines != 2 {
		t.Errorf("known_hosts holds %d lines:\n%s", lines, data)
	}
	left, err := os.ReadDir(filepath.Dir(file))
	must(t, err)
	if len(left) != 1 {
		t.Errorf("left over: %v", left)
	}
}

// jumping is a location behind other servers, all of which are known.
func jumping(t *testing.T, s *servers.SSHD, over ...*servers.SSHD) connectors.Location {
	t.Helper()
	l := location(s, t.TempDir())
	var known []byte
	var hops []string
	for _, one := range append(over, s) {
		data, err := os.ReadFile(one.KnownHosts)
		must(t, err)
		known = append(known, data...)
	}
	for _, one := range over {
		hops = append(hops, one.User+"@"+one.Addr)
	}
	l.Options["knownHosts"] = filepath.Join(t.TempDir(), "known_hosts")
	must(t, os.WriteFile(l.Options["knownHosts"], known, 0o600))
	l.Options["jump"] = strings.Join(hops, ", ")
	return l
}

func TestJump(t *testing.T) {
	t.Setenv("SSH_AUTH_SOCK", "")
	target, bastion := start(t), start(t)
	l := jumping(t, target, bastion)
	wantRefusal(t, "the server's key at a bastion that does not know it", l, connectors.KindAuth, "jump host "+bastion.Addr)
	l.Options["jumpIdentityFile"] = bastion.IdentityFile
	up := begin(t, open(t, l), "clip", "")
	write(t, up, 1, 2, 3, 4)
	commit(t, up)

	known := l.Options["knownHosts"]
	l.Options["knownHosts"] = target.KnownHosts
	wantRefusal(t, "a bastion that is not known", l, connectors.KindHostKey, "jump host "+bastion.Addr, "not known")
	l.Options["knownHosts"] = bastion.KnownHosts
	wantRefusal(t, "a server behind a bastion that is not known", l, connectors.KindHostKey, "sftp://")
	l.Options["acceptNewHostKey"], l.Options["knownHosts"] = "true", filepath.Join(t.TempDir(), "known_hosts")
	open(t, l)
	l.Options["knownHosts"] = known

	// Two bastions, with one key for both.
	second := start(t)
	key, err := os.ReadFile(filepath.Join(filepath.Dir(bastion.IdentityFile), "authorized_keys"))
	must(t, err)
	must(t, os.WriteFile(filepath.Join(filepath.Dir(second.IdentityFile), "authorized_keys"), key, 0o644))
	far := jumping(t, target, bastion, second)
	far.Options["jumpIdentityFile"] = bastion.IdentityFile
	open(t, far)

	must(t, second.Stop())
	wantRefusal(t, "a second bastion that is down", far, connectors.KindUnavailable, second.Addr)
	must(t, target.Stop())
	wantRefusal(t, "a server that is down, behind a bastion", l, connectors.KindUnavailable, target.Addr)
	for _, jump := range []string{"me:secret@host", "host/path", "me@", "a b"} {
		l.Options["jump"] = jump
		wantRefusal(t, jump, l, connectors.KindInvalid, "commas")
	}
}

func TestJumpForbidden(t *testing.T) {
	t.Parallel()
	target := start(t)
	bastion := startWith(t, t.TempDir(), servers.SSHDOptions{Lines: []string{"AllowTcpForwarding no"}})
	l := jumping(t, target, bastion)
	l.Options["jumpIdentityFile"] = bastion.IdentityFile
	wantRefusal(t, "a bastion that lets nobody through", l, connectors.KindPermission, "forwarding")
}

// What is behind a jump host may fall silent too: the time-out and the caller's
// context hold through the chain.
func TestJumpSilent(t *testing.T) {
	t.Parallel()
	bastion := start(t)
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	defer silent.Close()
	l := location(bastion, t.TempDir())
	l.URL = "sftp://me@" + silent.Addr().String()
	l.Options["jump"], l.Options["timeout"] = bastion.User+"@"+bastion.Addr, "1s"
	wantRefusal(t, "a silent server behind a bastion", l, connectors.KindTimeout)

	l.Options["timeout"] = "1h"
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	began := time.Now()
	_, err = sftp.Connector().Open(ctx, l)
	wantKind(t, "open, until a time of our own", err, connectors.KindTimeout)
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("it ended after %v", took)
	}
}

// The link to the bastion falls silent during a transfer.
func TestJumpLinkSilent(t *testing.T) {
	t.Parallel()
	target, bastion := start(t), start(t)
	wire := newLink(t, bastion.Addr)
	l := jumping(t, target, bastion)
	known, err := os.ReadFile(l.Options["knownHosts"])
	must(t, err)
	near := wire.listener.Addr().String()
	must(t, os.WriteFile(l.Options["knownHosts"], append(known, knownhosts.Normalize(near)+" "+hostKeyOf(t, bastion)+"\n"...), 0o600))
	l.Options["jump"], l.Options["jumpIdentityFile"], l.Options["timeout"] = bastion.User+"@"+near, bastion.IdentityFile, "2s"
	place := open(t, l)
	up := begin(t, place, "clip", "")
	write(t, up, 1)
	release := wire.Block()
	began := time.Now()
	_, err = place.Stat(t.Context(), "clip")
	wantKind(t, "stat over a silent bastion", err, connectors.KindUnavailable)
	if took := time.Since(began); took > 30*time.Second {
		t.Errorf("it was given up after %v", took)
	}
	release()
	for range 10 {
		if _, err = place.Stat(t.Context(), "clip"); !connectors.Retryable(err) {
			break
		}
	}
	write(t, up, 2, 3, 4)
	commit(t, up)
}

// Servers of long ago are let in only by the option.
func TestLegacy(t *testing.T) {
	t.Parallel()
	s := startWith(t, t.TempDir(), servers.SSHDOptions{Lines: []string{
		"KexAlgorithms diffie-hellman-group14-sha1", "Ciphers aes128-cbc", "MACs hmac-sha1",
	}})
	l := location(s, t.TempDir())
	wantRefusal(t, "an old server", l, connectors.KindUnsupported, "legacy")
	l.Options["legacy"] = "true"
	open(t, l)
}

// An RSA key signs with SHA-1 only by the option.
func TestLegacySignatures(t *testing.T) {
	t.Setenv("SSH_AUTH_SOCK", "")
	s := startWith(t, t.TempDir(), servers.SSHDOptions{Lines: []string{"PubkeyAcceptedAlgorithms ssh-rsa"}})
	file := filepath.Join(t.TempDir(), "key")
	out, err := exec.Command("ssh-keygen", "-t", "rsa", "-b", "2048", "-N", "", "-f", file).CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	public, err := os.ReadFile(file + ".pub")
	must(t, err)
	must(t, os.WriteFile(filepath.Join(filepath.Dir(s.IdentityFile), "authorized_keys"), public, 0o600))
	l := location(s, t.TempDir())
	l.Options["identityFile"] = file
	wantRefusal(t, "a server that wants SHA-1", l, connectors.KindAuth)
	l.Options["legacy"] = "true"
	open(t, l)
}
