package test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"gantry/connectors"
	"gantry/connectors/all"
	"gantry/connectors/servers"
)

// A harbour has a port of each protocol, behind real servers.
type harbour struct {
	t       testing.TB
	ports   []*port
	gateway *servers.VersityGW
	secrets string // the folder of the files with the secrets
}

// A port is a folder that is reached by a protocol.
type port struct {
	name, url string
	options   []string // NAME=VALUE
	root      string   // the same folder on this machine
	object    bool     // an object store
	pid       func() int
	restart   func(context.Context) error // where a session is no process of its own
}

// file is where a file of the port is on this machine.
func (p *port) file(path string) string { return filepath.Join(p.root, filepath.FromSlash(path)) }

// sink kills the server's side: one of its sessions, or all of it, which comes
// back. It is false if there is none.
func (p *port) sink(t *testing.T, random *rand.Rand) bool {
	switch {
	case p.restart != nil: // with SIGKILL
		if err := p.restart(context.Background()); err != nil {
			t.Fatal(err)
		}
		return true
	case p.pid == nil:
		return false
	}
	sessions := childrenOf(p.pid())
	if len(sessions) == 0 {
		return false
	}
	return syscall.Kill(sessions[random.IntN(len(sessions))], syscall.SIGKILL) == nil
}

func newHarbour(t *testing.T) *harbour {
	t.Helper()
	h := &harbour{t: t, secrets: t.TempDir()}
	ctx, dir := context.Background(), t.TempDir()
	h.ports = append(h.ports, &port{name: "local", url: "file://" + filepath.Join(dir, "local"), root: filepath.Join(dir, "local")})

	sshd, err := servers.StartSSHD(ctx, filepath.Join(dir, "sshd"))
	h.must(err)
	t.Cleanup(func() { _ = sshd.Stop() })
	h.ports = append(h.ports, &port{
		name: "sftp", url: sshd.URL(filepath.Join(dir, "sftp")), root: filepath.Join(dir, "sftp"), pid: sshd.Pid,
		options: []string{"identityFile=" + sshd.IdentityFile, "knownHosts=" + sshd.KnownHosts},
	})

	vsftpd, err := servers.StartVSFTPD(ctx, filepath.Join(dir, "vsftpd"), servers.FTPOptions{})
	h.ftp("vsftpd", vsftpd, err)
	proftpd, err := servers.StartProFTPD(ctx, filepath.Join(dir, "proftpd"), servers.FTPOptions{})
	h.ftp("proftpd", proftpd, err)

	gateway, err := servers.StartVersityGW(ctx, filepath.Join(dir, "gateway"))
	h.must(err)
	t.Cleanup(func() { _ = gateway.Stop() })
	access, secret := h.secret("s3-access", gateway.AccessKey), h.secret("s3-secret", gateway.SecretKey)
	for _, p := range []*port{
		{name: "s3", url: "s3://one", options: []string{"endpoint=" + gateway.Endpoint}, root: filepath.Join(gateway.Root, "one")},
		{name: "s3compat", url: "s3+" + gateway.Endpoint + "/two", root: filepath.Join(gateway.Root, "two")},
	} {
		h.must(gateway.MakeBucket(ctx, filepath.Base(p.root)))
		p.object, p.pid, p.restart = true, gateway.Pid, gateway.Restart
		p.options = append(p.options, "region="+gateway.Region, "accessKey="+access, "secretKey="+secret)
		h.ports = append(h.ports, p)
	}
	for _, p := range h.ports {
		for _, folder := range []string{"in", "out"} {
			h.must(os.MkdirAll(p.file(folder), 0o755))
		}
	}
	return h
}

func (h *harbour) ftp(name string, s *servers.FTPD, err error) {
	h.t.Helper()
	h.must(err)
	h.t.Cleanup(func() { _ = s.Stop() })
	h.ports = append(h.ports, &port{
		name: name, url: strings.TrimSuffix(s.URL(s.Root), "/"), root: s.Dir, pid: s.Pid, options: []string{"password=" + h.secret(name, s.Password)},
	})
}

// secret keeps a secret in a file and gives the reference to it.
func (h *harbour) secret(name, secret string) string {
	h.t.Helper()
	return "file:" + written(h.t, filepath.Join(h.secrets, name), []byte(secret))
}

func (h *harbour) must(err error) {
	h.t.Helper()
	if err != nil {
		h.t.Fatal(err)
	}
}

// pairs are all directions: up, down, from side to side, and within a place.
func (h *harbour) pairs(t *testing.T) (pairs [][2]*port) {
	only := os.Getenv("GANTRY_PAIR")
	for _, from := range h.ports {
		for _, to := range h.ports {
			if only == "" || only == from.name+">"+to.name {
				pairs = append(pairs, [2]*port{from, to})
			}
		}
	}
	if len(pairs) == 0 {
		t.Fatalf("GANTRY_PAIR=%s: there is no such pair", only)
	}
	return pairs
}

// sweep finds what was left behind, and sees that nothing is there besides. A
// gateway that was killed while it joined parts keeps them where no request lists
// them.
func (h *harbour) sweep(t *testing.T, p *port, title string, killed bool) {
	t.Helper()
	l := connectors.Location{URL: p.url + "/in", Options: map[string]string{}}
	for _, o := range p.options {
		name, value, _ := strings.Cut(o, "=")
		l.Options[name] = value
	}
	place, err := all.Open(t.Context(), l)
	h.must(err)
	defer place.Close()
	sweeper, ok := connectors.As[connectors.Sweeper](place)
	if !ok {
		t.Fatalf("%s has no sweeper", p.name)
	}
	for u, err := range sweeper.Unfinished(t.Context(), "") {
		h.must(err)
		h.must(sweeper.Discard(t.Context(), u))
	}
	var left []string
	h.must(filepath.WalkDir(p.root, func(path string, e os.DirEntry, err error) error {
		if killed && p.object && strings.HasSuffix(path, ".inprogress") {
			_ = os.RemoveAll(path) // it is looked for in vain otherwise
			return filepath.SkipDir
		}
		if err == nil && !e.IsDir() && !strings.HasPrefix(path, p.file("in/clip-")) && !strings.HasPrefix(path, p.file("out/")) {
			left = append(left, strings.TrimPrefix(path, p.root))
		}
		return err
	}))
	if len(left) > 0 {
		t.Errorf("%s: these are left behind, and no sweep finds them: %v", title, left)
	}
}

// childrenOf lists the processes that pid has started.
func childrenOf(pid int) (found []int) {
	stats, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, name := range stats {
		data, err := os.ReadFile(name)
		if err != nil {
			continue
		}
		// "pid (name) state ppid …", where the name may hold anything.
		fields := strings.Fields(string(data[strings.LastIndexByte(string(data), ')')+1:]))
		if len(fields) > 1 && fields[1] == strconv.Itoa(pid) {
			child, _ := strconv.Atoi(filepath.Base(filepath.Dir(name)))
			found = append(found, child)
		}
	}
	slices.Sort(found)
	return found
}

// awaitEnd waits for a child's end and leaves it to be waited for.
func awaitEnd(pid int) {
	for unix.Waitid(unix.P_PID, pid, nil, unix.WEXITED|unix.WNOWAIT, nil) == unix.EINTR {
	}
}

// bytesWritten is what a child that has ended gave to files and sockets.
func bytesWritten(t *testing.T, pid int) int64 {
	t.Helper()
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/io", pid))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(data)) {
		if text, ok := strings.CutPrefix(line, "wchar: "); ok {
			n, _ := strconv.ParseInt(strings.TrimSpace(text), 10, 64)
			return n
		}
	}
	t.Fatalf("there is no wchar in %s", data)
	return 0
}
