package media

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// levels are the sandboxes that this machine offers.
func levels(t *testing.T) map[string]*Tools {
	best, plain := tools(t), tools(t)
	plain.Sandbox.bwrap, plain.Sandbox.Level = "", LevelRlimits
	all := map[string]*Tools{LevelRlimits: plain}
	if best.Sandbox.Level == LevelBubblewrap {
		all[LevelBubblewrap] = best
	} else {
		t.Log("bubblewrap is not tested:", best.Sandbox.Reason)
	}
	return all
}

func TestLimitsEndARun(t *testing.T) {
	for level, tl := range levels(t) {
		for _, c := range []struct {
			name, args string
			limits     Limits
		}{
			{"processor time", "-f lavfi -i testsrc=s=1920x1080:d=3600 -f null -", Limits{CPU: time.Second}},
			{"memory", "-f lavfi -i color=s=8192x4096:d=1 -vf scale=16384:8192,format=rgba64le -f null -", Limits{Memory: 600 << 20}},
			{"file size", "-f lavfi -i testsrc=s=640x360:d=10 -f rawvideo -y out.raw", Limits{FileSize: 1 << 20}},
		} {
			t.Run(level+"/"+c.name, func(t *testing.T) {
				err := tl.run(t.Context(), call{
					tool: tl.FFmpeg, outDir: t.TempDir(), limits: c.limits, timeout: 30 * time.Second,
					args: func(string) []string {
						return append([]string{"-nostdin", "-loglevel", "level+error"}, words(c.args)...)
					},
				})
				if KindOf(err) != "limit" {
					t.Fatalf("got %v", err)
				}
			})
		}
	}
}

// TestSandboxSeesOneInput runs a shell in ffmpeg's place.
func TestSandboxSeesOneInput(t *testing.T) {
	tl, ok := levels(t)[LevelBubblewrap]
	if !ok {
		t.Skip("bubblewrap does not work on this machine: only resource limits apply")
	}
	dir := t.TempDir()
	secret, in := filepath.Join(dir, "secret"), filepath.Join(dir, "in")
	if err := errors.Join(os.WriteFile(secret, []byte("s"), 0o600), os.WriteFile(in, []byte("hello"), 0o600)); err != nil {
		t.Fatal(err)
	}
	for script, works := range map[string]bool{
		`test "$(cat "$1")" = hello`:     true,
		`echo x > "$1"`:                  false,
		"echo x > made":                  true,
		"cat " + secret:                  false,
		"cat /etc/passwd":                false,
		"echo x > /in/other":             false,
		"echo x > /usr/other":            false,
		"test -e /proc/1":                false,
		"test -e /sys/class/net":         false,
		`test "$(ulimit -c)" = 0`:        true,
		`test "$HOME" = / -a -z "$USER"`: true,
	} {
		t.Run(script, func(t *testing.T) {
			err := tl.run(t.Context(), call{
				tool: "/bin/sh", mount: in, outDir: t.TempDir(), limits: probeLimits, timeout: 10 * time.Second,
				args: func(seen string) []string { return []string{"-c", script, "sh", seen} },
			})
			if (err == nil) != works {
				t.Errorf("got %v", err)
			}
		})
	}
}

// TestDiesWithItsParent kills a process in the middle of a QC, and looks whether its ffmpeg goes too.
func TestDiesWithItsParent(t *testing.T) {
	if path := os.Getenv("GANTRY_TEST_QC"); path != "" {
		_, _ = tools(t).QC(t.Context(), path, rules(t, "default"), func(Progress) { os.Stdout.WriteString("working\n") })
		return
	}
	short := clip(t, "short.mp4", "-f lavfi -i testsrc=s=64x64:r=25:d=10 -c:v libx264 -preset ultrafast -g 250 -qp 40 -pix_fmt yuv420p")
	path := clip(t, "orphan.mp4", "-stream_loop 719 -i "+short+" -c copy")
	parent := exec.Command(os.Args[0], "-test.run=^TestDiesWithItsParent$")
	parent.Env = append(os.Environ(), "GANTRY_TEST_QC="+path, "TMPDIR="+t.TempDir())
	out, err := parent.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := parent.Start(); err != nil {
		t.Fatal(err)
	}
	if _, err := out.Read(make([]byte, 8)); err != nil {
		t.Fatal(err)
	}
	if running(t, path) == 0 {
		t.Fatal("no process works on the clip")
	}
	_ = parent.Process.Kill()
	_ = parent.Wait()
	for end := time.Now().Add(2 * time.Second); running(t, path) > 0; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("ffmpeg outlives its parent")
		}
	}
}

// running counts the processes whose command line names the path.
func running(t *testing.T, path string) int {
	found, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, f := range found {
		if line, err := os.ReadFile(f); err == nil && strings.Contains(string(line), path) {
			n++
		}
	}
	return n
}
