package strangefs

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// The environment of the process that serves.
const (
	mountPoint = "GANTRY_STRANGEFS"
	behaviour  = "GANTRY_STRANGEFS_BEHAVIOUR"
)

// Asked tells whether this process was started to serve: TestMain then calls
// [Serve] and nothing else.
func Asked() bool { return os.Getenv(mountPoint) != "" }

// A Volume is the file system, mounted.
type Volume struct {
	Dir      string
	commands io.Writer
	answers  *bufio.Scanner
}

// Mount mounts it for a test, by a second process of the same test binary. The
// test is skipped where that is not allowed.
func Mount(t *testing.T, b Behaviour) *Volume {
	t.Helper()
	if err := mayMount(); err != nil {
		t.Skipf("a file system cannot be mounted here: %v", err)
	}
	text, err := json.Marshal(b)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	server := exec.Command(os.Args[0])
	server.Env = append(os.Environ(), mountPoint+"="+dir, behaviour+"="+string(text))
	server.Stderr = os.Stderr
	stdin, err := server.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := server.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = unix.Unmount(dir, unix.MNT_DETACH)
		_ = stdin.Close()
		_ = server.Wait()
	})
	v := &Volume{Dir: dir, commands: stdin, answers: bufio.NewScanner(stdout)}
	v.await(t, "ready")
	return v
}

func mayMount() error {
	f, err := os.OpenFile("/dev/fuse", os.O_RDWR, 0)
	if err != nil {
		return err
	}
	_ = f.Close()
	if os.Geteuid() != 0 {
		return fmt.Errorf("only root may mount")
	}
	return nil
}

func (v *Volume) await(t *testing.T, want string) {
	t.Helper()
	if !v.answers.Scan() || !strings.HasPrefix(v.answers.Text(), want) {
		t.Fatalf("the file system says %q; want %q", v.answers.Text(), want)
	}
}

// Fail makes the next calls of an operation ("write", "fsync", "lookup") fail:
// times of them, all if times is below zero, none if it is zero.
func (v *Volume) Fail(t *testing.T, op string, errno unix.Errno, times int) {
	t.Helper()
	line, err := json.Marshal(fault{op, errno, times})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := fmt.Fprintf(v.commands, "%s\n", line); err != nil {
		t.Fatal(err)
	}
	v.await(t, "set")
}
