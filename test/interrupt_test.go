package test

import (
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"gantry/orchestrator/api"
	"gantry/orchestrator/catalog"
)

// TestInterruptedInATranscode presses Ctrl-C while ffmpeg works. The program ends
// soon, leaves no process behind, and goes on at the next start.
func TestInterruptedInATranscode(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	s.up()
	s.realPartners()
	clip := filepath.Join(t.TempDir(), "long.mp4")
	ffmpeg(t, "-f", "lavfi", "-i", "testsrc2=size=1280x720:rate=25", "-f", "lavfi", "-i", tone, "-t", "5",
		"-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-c:a", "aac", clip)
	s.drop(clip)
	s.asset("long.mp4", "in ffmpeg's hands", func(v api.AssetView) error {
		if len(v.Runs) != 1 {
			return fmt.Errorf("it has %d runs", len(v.Runs))
		}
		run, err := get[api.RunView](s, "/runs/"+v.Runs[0].ID)
		if err != nil {
			return err
		}
		for _, step := range run.Steps {
			if step.Function == "transcode" && step.Status == catalog.StepRunning && len(step.Progress) > 0 {
				return nil
			}
		}
		return errors.New("no transcode reports progress")
	})
	group := s.cmd.Process.Pid
	if code := s.interrupt(time.Minute); code != 0 {
		t.Errorf("the exit code after Ctrl-C is %d, want 0", code)
	}
	s.eventually("free of processes that were left behind", func() error { return alone(group) })
	s.up()
	s.published("long.mp4")
}

// alone is nil if no process of a group is left.
func alone(group int) error {
	out, err := exec.Command("pgrep", "-g", strconv.Itoa(group), "-l").Output()
	if left := strings.TrimSpace(string(out)); err == nil && left != "" {
		return fmt.Errorf("left behind: %s", left)
	}
	return nil
}

// TestBigTransferGoesOn kills the program in the middle of a big upload, and then
// presses Ctrl-C in the middle of another. What the partner had is not sent again.
func TestBigTransferGoesOn(t *testing.T) {
	t.Parallel()
	const size = 64 << 20
	s := newStand(t)
	s.up()
	s.realPartners()
	partner := filepath.Join(s.partners(), "nordic-sport")
	watchNames(t, partner)
	// A route of its own straight to the SFTP server, without a workflow, and so slow
	// that there is time to stop it.
	s.must(os.MkdirAll(filepath.Join(s.partners(), "inbox"), 0o755))
	s.apply(fmt.Sprintf(`apiVersion: gantry/v1
kind: Location
metadata: { name: inbox }
spec: { site: local, url: "file://%s", options: { bandwidth: 32M } }
---
apiVersion: gantry/v1
kind: Route
metadata: { name: straight }
spec: { site: local, from: inbox, to: nordic-sport, path: "{{.Name}}", settle: { stable: 1 } }
`, filepath.Join(s.partners(), "inbox")))
	for _, c := range []struct {
		name string
		stop func()
	}{
		{"killed.bin", s.kill},
		{"interrupted.bin", func() { _ = s.interrupt(time.Minute) }},
	} {
		name := c.name
		original := randomFile(t, filepath.Join(s.partners(), "inbox", name), size)
		s.eventually(name+" partly sent", func() error {
			if sent := underWay(partner); sent < size*3/5 { // more than the parts that are under way at once
				return fmt.Errorf("%d bytes are", sent)
			}
			return nil
		})
		c.stop()
		if _, err := os.Stat(filepath.Join(partner, name)); err == nil {
			t.Fatalf("%s was there before the program was stopped: the test came too late", name)
		}
		s.up()
		s.eventually(name+" sent", func() error {
			_, err := os.Stat(filepath.Join(partner, name))
			return err
		})
		if !same(t, original, filepath.Join(partner, name)) {
			t.Errorf("%s is another file at the partner's", name)
		}
		s.asset(name, "registered", func(v api.AssetView) error {
			if len(v.Transfers) != 1 || v.Transfers[0].Status != catalog.TransferDone {
				return fmt.Errorf("its transfers: %s", situation(v))
			}
			copied := receiptsOf(t, v.Transfers[0])[0].Copies[0]
			t.Logf("%s: %d of %d parts had been sent before, %d bytes were sent after the stop", name, copied.Resumed, copied.Parts, copied.SentBytes)
			if copied.Resumed == 0 || copied.SentBytes >= size {
				t.Errorf("%s: nothing of what had been sent was taken up", name)
			}
			return nil
		})
	}
}

// underWay counts the bytes of uploads that have begun. An upload may be laid out
// in its full size before there is anything in it: what is on the disk counts.
func underWay(root string) (sent int64) {
	_ = filepath.WalkDir(filepath.Join(root, ".gantry-uploads"), func(_ string, e os.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return nil // it is not there yet, or has moved on
		}
		if info, err := e.Info(); err == nil {
			if s, ok := info.Sys().(*syscall.Stat_t); ok {
				sent += s.Blocks * 512
			}
		}
		return nil
	})
	return sent
}

// randomFile writes a file that no compression or sparseness makes smaller.
func randomFile(t *testing.T, name string, size int64) string {
	t.Helper()
	data := make([]byte, size)
	_, _ = rand.Read(data) // it does not fail
	return written(t, name, data)
}

// TestSecondProgramIsRefused starts a second program on the same data folder.
func TestSecondProgramIsRefused(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	s.up()
	for name, c := range map[string]struct{ listen, want string }{
		"at another address":  {freeAddress(t), s.dir},
		"at the same address": {s.listen, s.listen},
	} {
		t.Run(name, func(t *testing.T) {
			cmd := exec.Command(program, "up", "--data", s.dir, "--listen", c.listen)
			out, err := cmd.CombinedOutput()
			var exit *exec.ExitError
			if !errors.As(err, &exit) || exit.ExitCode() <= 0 {
				t.Errorf("it ended with %v", err)
			}
			if !strings.Contains(string(out), c.want) || strings.Count(strings.TrimSpace(string(out)), "\n") > 2 {
				t.Errorf("its message does not say %q in a few lines:\n%s", c.want, out)
			}
		})
	}
	if _, err := get[api.Page[catalog.Asset]](s, "/assets"); err != nil {
		t.Errorf("the first program suffered: %v", err)
	}
}
