package servers_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/pkg/sftp"
	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/knownhosts"

	"gantry/connectors/servers"
)

// childDir makes this test binary a process that starts the servers below it,
// prints what they are, and waits to be killed.
const childDir = "GANTRY_SERVERS_CHILD_DIR"

func TestMain(m *testing.M) {
	if dir := os.Getenv(childDir); dir != "" {
		child(dir)
		return
	}
	os.Exit(m.Run())
}

func child(dir string) {
	shell, err := servers.StartSSHD(context.Background(), filepath.Join(dir, "sshd"))
	if err != nil {
		fmt.Println("error:", err)
		return
	}
	gateway, err := servers.StartVersityGW(context.Background(), filepath.Join(dir, "s3"))
	if err != nil {
		fmt.Println("error:", err)
		return
	}
	fmt.Print(shell.User, " ", shell.Addr, " ", shell.IdentityFile, " ", shell.KnownHosts, " ", shell.Pid(), " ", gateway.Pid())
	for name, start := range ftpServers {
		s, err := start(context.Background(), filepath.Join(dir, name), servers.FTPOptions{TLS: servers.ExplicitTLS})
		switch {
		case err == nil:
			fmt.Print(" ", s.Pid())
		case name != "pure-ftpd" || os.Getuid() == 0:
			fmt.Println(" error:", err)
			return
		}
	}
	fmt.Println()
	_, _ = io.Copy(io.Discard, os.Stdin)
}

func TestSSHDServesFiles(t *testing.T) {
	s, err := servers.StartSSHD(t.Context(), filepath.Join(t.TempDir(), "with space"))
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "clip.mov")
	if err := os.WriteFile(path, []byte("frames"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := s.URL("/a b"); got != "sftp://"+s.User+"@"+s.Addr+"/a%20b" {
		t.Errorf("URL = %s", got)
	}
	if got := read(t, s, path); got != "frames" {
		t.Errorf("read %q", got)
	}
	t.Run("again after a restart, at the same address", func(t *testing.T) {
		if err := s.Restart(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got := read(t, s, path); got != "frames" {
			t.Errorf("read %q", got)
		}
	})
}

func TestStopCutsSessions(t *testing.T) {
	s, err := servers.StartSSHD(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	c := login(t, s)
	if err := s.Stop(); err != nil {
		t.Fatal(err)
	}
	if err := c.Wait(); err == nil {
		t.Error("the session ended without an error")
	}
	if err := s.Stop(); err != nil {
		t.Errorf("second stop: %v", err)
	}
}

func TestVersityGWAnswers(t *testing.T) {
	g, err := servers.StartVersityGW(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	if err := g.MakeBucket(t.Context(), "media"); err != nil {
		t.Fatal(err)
	}
	resp, err := http.Get(g.Endpoint + "/media")
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusForbidden {
		t.Errorf("an unsigned request got %s", resp.Status)
	}
	if err := g.Stop(); err != nil {
		t.Fatal(err)
	}
	if resp, err := http.Get(g.Endpoint); err == nil {
		resp.Body.Close()
		t.Error("it answers after Stop")
	}
}

func TestServersEndWithTheirContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	g, err := servers.StartVersityGW(ctx, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	cancel()
	awaitEnd(t, fmt.Sprint(g.Pid()))
}

func TestServersEndWhenTheirParentIsKilled(t *testing.T) {
	dir := t.TempDir()
	cmd := exec.Command(os.Args[0])
	words := startChild(t, cmd, dir)
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	for _, pid := range words[4:] {
		awaitEnd(t, pid)
	}
}

func TestOrdinaryUser(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("the other tests run as an ordinary user already")
	}
	const daemon = 1 // not nobody: systemd's name service says that its account is locked
	// t.TempDir lies below a folder that only root may enter.
	dir, err := os.MkdirTemp("", "servers")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	self, err := os.ReadFile(os.Args[0])
	if err != nil {
		t.Fatal(err)
	}
	bin, state := filepath.Join(dir, "servers.test"), filepath.Join(dir, "state")
	if err := os.WriteFile(bin, self, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(state, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Chown(state, daemon, daemon); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(bin)
	cmd.Dir = "/"
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: daemon, Gid: daemon}}
	words := startChild(t, cmd, state)
	s := &servers.SSHD{User: words[0], Addr: words[1], IdentityFile: words[2], KnownHosts: words[3], LogFile: filepath.Join(state, "sshd", "sshd.log")}
	if got := read(t, s, "/etc/hostname"); got == "" {
		t.Error("nothing read")
	}
}

func startChild(t *testing.T, cmd *exec.Cmd, dir string) []string {
	t.Helper()
	gateway, err := servers.Find("versitygw")
	if err != nil {
		t.Fatal(err)
	}
	cmd.Env = append(os.Environ(), childDir+"="+dir, "GANTRY_TOOLS="+filepath.Dir(gateway))
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		in.Close()
		_ = cmd.Wait()
	})
	line, _ := bufio.NewReader(out).ReadString('\n')
	words := strings.Fields(line)
	if len(words) < 8 || strings.Contains(line, "error:") {
		t.Fatalf("the child says %q", line)
	}
	return words
}

func awaitEnd(t *testing.T, pid string) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		stat, err := os.ReadFile("/proc/" + pid + "/stat")
		if err != nil {
			return
		}
		// A killed orphan is a zombie until somebody waits for it.
		if _, state, ok := strings.Cut(string(stat), ") "); ok && strings.HasPrefix(state, "Z") {
			return
		}
	}
	t.Errorf("process %s still runs", pid)
}

func login(t *testing.T, s *servers.SSHD) *ssh.Client {
	t.Helper()
	pem, err := os.ReadFile(s.IdentityFile)
	if err != nil {
		t.Fatal(err)
	}
	key, err := ssh.ParsePrivateKey(pem)
	if err != nil {
		t.Fatal(err)
	}
	known, err := knownhosts.New(s.KnownHosts)
	if err != nil {
		t.Fatal(err)
	}
	c, err := ssh.Dial("tcp", s.Addr, &ssh.ClientConfig{
		User: s.User, Auth: []ssh.AuthMethod{ssh.PublicKeys(key)}, HostKeyCallback: known,
		HostKeyAlgorithms: []string{ssh.KeyAlgoED25519},
	})
	if err != nil {
		log, _ := os.ReadFile(s.LogFile)
		t.Fatalf("%v\n%s", err, log)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

func read(t *testing.T, s *servers.SSHD, path string) string {
	t.Helper()
	c, err := sftp.NewClient(login(t, s))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	f, err := c.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	data, err := io.ReadAll(f)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}
