package test

import (
	"bytes"
	"context"
	"encoding/json"
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

	"gantry/connectors/connectortest"
	"gantry/connectors/servers"
	"gantry/orchestrator/api"
	"gantry/orchestrator/catalog"
)

// program is the gantry binary under test, built once, unless GANTRY_PROGRAM names
// one that is there.
var program = os.Getenv("GANTRY_PROGRAM")

func TestMain(m *testing.M) {
	connectortest.SideBySide(6)
	os.Exit(func() int {
		if program != "" {
			return m.Run()
		}
		dir, err := os.MkdirTemp("", "gantry-test-*")
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		defer os.RemoveAll(dir)
		program = filepath.Join(dir, "gantry")
		build := exec.Command("go", "build", "-o", program, "gantry/cmd/gantry")
		if out, err := build.CombinedOutput(); err != nil {
			fmt.Fprintf(os.Stderr, "build gantry: %v\n%s", err, out)
			return 1
		}
		return m.Run()
	}())
}

// A stand is a `gantry up` of its own, whose partners are real servers.
type stand struct {
	t      *testing.T
	dir    string // the data folder
	listen string
	sshd   *servers.SSHD
	s3     *servers.VersityGW
	cmd    *exec.Cmd
	log    *os.File

	secretKey string // reference to the secret of stream-one
}

func newStand(t *testing.T) *stand {
	t.Helper()
	s := &stand{t: t, dir: filepath.Join(t.TempDir(), "data"), listen: freeAddress(t), secretKey: "env:S3_SECRET"}
	ctx := context.Background()
	must := s.must
	for _, folder := range []string{"sshd", "s3", "nordic-sport"} {
		must(os.MkdirAll(filepath.Join(s.partners(), folder), 0o755))
	}
	var err error
	s.sshd, err = servers.StartSSHD(ctx, filepath.Join(s.partners(), "sshd"))
	must(err)
	t.Cleanup(func() { _ = s.sshd.Stop() })
	s.s3, err = servers.StartVersityGW(ctx, filepath.Join(s.partners(), "s3"))
	must(err)
	t.Cleanup(func() { _ = s.s3.Stop() })
	must(s.s3.MakeBucket(ctx, "stream-one"))
	s.log, err = os.Create(filepath.Join(t.TempDir(), "gantry.log"))
	must(err)
	t.Cleanup(func() {
		s.kill()
		if t.Failed() {
			data, _ := os.ReadFile(s.log.Name())
			t.Logf("gantry's log ends with:\n%s", data[max(0, len(data)-8000):])
		}
		_ = s.log.Close()
	})
	return s
}

func (s *stand) partners() string { return filepath.Join(filepath.Dir(s.dir), "partners") }

// up starts the program and waits until it is ready.
func (s *stand) up() {
	s.t.Helper()
	s.cmd = exec.Command(program, "up", "--data", s.dir, "--listen", s.listen)
	s.cmd.Stdout, s.cmd.Stderr = s.log, s.log
	s.cmd.Env = append(os.Environ(), "S3_ACCESS="+s.s3.AccessKey, "S3_SECRET="+s.s3.SecretKey)
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := s.cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	ended := make(chan struct{})
	go func(pid int) {
		awaitEnd(pid)
		close(ended)
	}(s.cmd.Process.Pid)
	s.eventually("ready", func() error {
		select {
		case <-ended:
			s.t.Fatal("it ended as soon as it was started")
		default:
		}
		r, err := http.Get("http://" + s.listen + "/readyz")
		if err != nil {
			return err
		}
		defer r.Body.Close()
		if r.StatusCode != http.StatusOK {
			return fmt.Errorf("readyz answers %s", r.Status)
		}
		return nil
	})
}

// within gives the stand to a part of the test.
func (s *stand) within(t *testing.T) *stand {
	part := *s
	part.t = t
	return &part
}

func (s *stand) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

// interrupt sends what Ctrl-C sends, to the program alone, and gives its exit code.
func (s *stand) interrupt(within time.Duration) int {
	s.t.Helper()
	cmd := s.cmd
	s.must(cmd.Process.Signal(os.Interrupt))
	gone := make(chan struct{})
	go func() {
		_ = cmd.Wait() // the exit code tells
		close(gone)
	}()
	select {
	case <-gone:
	case <-time.After(within):
		_ = cmd.Process.Kill()
		<-gone
		s.t.Fatalf("it had not ended %s after Ctrl-C", within)
	}
	s.cmd = nil
	return cmd.ProcessState.ExitCode()
}

// kill ends the program as a power cut would.
func (s *stand) kill() {
	if s.cmd == nil || s.cmd.Process == nil {
		return
	}
	_ = s.cmd.Process.Kill()
	_ = s.cmd.Wait()
	s.cmd = nil
}

// realPartners puts the servers in place of the example's folders.
func (s *stand) realPartners() {
	s.t.Helper()
	s.apply(fmt.Sprintf(`apiVersion: gantry/v1
kind: Location
metadata: { name: nordic-sport }
spec: { site: local, url: %q, options: { identityFile: %q, knownHosts: %q } }
---
apiVersion: gantry/v1
kind: Location
metadata: { name: stream-one }
spec: { site: local, url: %q, options: { accessKey: "env:S3_ACCESS", secretKey: %q } }
`, s.sshd.URL(filepath.Join(s.partners(), "nordic-sport")), s.sshd.IdentityFile, s.sshd.KnownHosts, "s3+"+s.s3.Endpoint+"/stream-one/in", s.secretKey))
}

func (s *stand) apply(text string) {
	s.t.Helper()
	if status, answer := s.post("/resources", api.ApplyRequest{Text: text}); status != http.StatusOK {
		s.t.Fatalf("apply: %d %s", status, answer)
	}
}

func (s *stand) post(path string, body any) (int, string) {
	s.t.Helper()
	data, err := json.Marshal(body)
	if err != nil {
		s.t.Fatal(err)
	}
	r, err := http.Post("http://"+s.listen+"/api/v1"+path, "application/json", bytes.NewReader(data))
	if err != nil {
		s.t.Fatal(err)
	}
	defer r.Body.Close()
	answer, _ := io.ReadAll(r.Body)
	return r.StatusCode, string(answer)
}

// get fetches a document of the API.
func get[T any](s *stand, path string) (v T, err error) {
	r, err := http.Get("http://" + s.listen + "/api/v1" + path)
	if err != nil {
		return v, err
	}
	defer r.Body.Close()
	data, err := io.ReadAll(r.Body)
	if err != nil {
		return v, err
	}
	if r.StatusCode != http.StatusOK {
		return v, fmt.Errorf("GET %s: %s: %s", path, r.Status, data)
	}
	return v, json.Unmarshal(data, &v)
}

// gantry runs a command of the program against the stand.
func (s *stand) gantry(args ...string) string {
	s.t.Helper()
	cmd := exec.Command(program, append([]string{"--data", s.dir, "--listen", s.listen}, args...)...)
	cmd.Env = append(os.Environ(), "S3_ACCESS="+s.s3.AccessKey, "S3_SECRET="+s.s3.SecretKey)
	out, err := cmd.CombinedOutput()
	if err != nil {
		s.t.Fatalf("gantry %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return string(out)
}

// drop puts a file into the watched folder in one step, under its own name or as
// another.
func (s *stand) drop(file string, as ...string) {
	s.t.Helper()
	data, err := os.ReadFile(file)
	s.must(err)
	name := filepath.Base(file)
	if len(as) > 0 {
		name = as[0]
	}
	s.must(os.WriteFile(filepath.Join(s.dir, "watch", name), data, 0o644))
}

// dropClip makes a good clip of 2 s that is one of a kind, drops it and gives its
// name.
func (s *stand) dropClip(name string) string {
	s.t.Helper()
	s.drop(goodClip(s.t, filepath.Join(s.t.TempDir(), name), "2", name))
	return name
}

// listed checks that a command's output has a text in it: its last argument.
func (s *stand) listed(args ...string) {
	s.t.Helper()
	args, want := args[:len(args)-1], args[len(args)-1]
	if out := s.gantry(args...); !strings.Contains(out, want) {
		s.t.Errorf("gantry %s says nothing of %q:\n%s", strings.Join(args, " "), want, out)
	}
}

// newHostKey starts the SFTP server anew with another host key.
func (s *stand) newHostKey() {
	s.t.Helper()
	s.must(s.sshd.Stop())
	key := filepath.Join(s.partners(), "sshd", "host_ed25519")
	s.must(os.Remove(key))
	run(s.t, "ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key)
	s.must(s.sshd.Restart(context.Background()))
}

// fingerprint is the host key's, as the server's operator would read it out.
func (s *stand) fingerprint() string {
	s.t.Helper()
	return strings.Fields(run(s.t, "ssh-keygen", "-l", "-f", filepath.Join(s.partners(), "sshd", "host_ed25519")))[1]
}

// settled waits until n assets have come to their end, and gives them by name.
func (s *stand) settled(n int) map[string]catalog.Asset {
	s.t.Helper()
	byName := map[string]catalog.Asset{}
	s.eventually(fmt.Sprintf("%d assets at their end", n), func() error {
		page, err := get[api.Page[catalog.Asset]](s, "/assets?limit=1000")
		if err != nil {
			return err
		}
		clear(byName)
		for _, a := range page.Items {
			switch a.Status {
			case catalog.AssetPublished, catalog.AssetQuarantined, catalog.AssetFailed, catalog.AssetReady:
				byName[a.Name] = a
			}
		}
		if len(byName) != n || len(page.Items) != n {
			return fmt.Errorf("%d of %d are", len(byName), len(page.Items))
		}
		return nil
	})
	return byName
}

// patience ends what would never happen. It promises no speed: all machines that
// this runs on have something else to do.
const patience = 5 * time.Minute

// eventually asks until there is no error; a stand that died is told at once.
func (s *stand) eventually(what string, check func() error) {
	s.t.Helper()
	deadline := time.Now().Add(patience)
	for {
		err := check()
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			s.t.Fatalf("not %s within %s: %v", what, patience, err)
		}
		time.Sleep(100 * time.Millisecond)
	}
}

func freeAddress(t *testing.T) string {
	t.Helper()
	port, err := servers.FreePort()
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("127.0.0.1:%d", port)
}
