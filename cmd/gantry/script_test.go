package main

import (
	"bufio"
	"bytes"
	"errors"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// exits CODE COMMAND… runs gantry and wants this exit code. stdout and stderr
// match its output afterwards.
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE gantry ARG…")
	}
	err := ts.Exec(args[1], args[2:]...)
	code := 0
	var exit *exec.ExitError
	switch {
	case errors.As(err, &exit):
		code = exit.ExitCode()
	case err != nil:
		ts.Fatalf("%v", err)
	}
	if args[0] != strconv.Itoa(code) {
		ts.Fatalf("%s ended with %d, not %s", strings.Join(args[1:], " "), code, args[0])
	}
}

// mkfile NAME BYTES makes a file of zeros; NAME may be in Go's quotes.
func mkfile(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) != 2 {
		ts.Fatalf("usage: mkfile NAME BYTES")
	}
	name, err := strconv.Unquote(`"` + args[0] + `"`)
	ts.Check(err)
	n, err := strconv.ParseInt(args[1], 10, 64)
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(name), make([]byte, n), 0o644))
}

var address = regexp.MustCompile(`API +(http://[^/]+)/docs`)

// up ARG… starts `gantry up` on a free port, sets $GANTRY_HUB to its URL, and stops
// it at the end of the script by an interrupt, which has to end it well.
func up(ts *testscript.TestScript, _ bool, args []string) {
	cmd := command(ts, append([]string{"up", "--listen", "127.0.0.1:0", "--log-level", "warn"}, args...)...)
	var log bytes.Buffer
	cmd.Stderr = &log
	out, err := cmd.StdoutPipe()
	ts.Check(err)
	ts.Check(cmd.Start())
	for lines := bufio.NewScanner(out); lines.Scan(); {
		if m := address.FindStringSubmatch(lines.Text()); m != nil {
			ts.Setenv("GANTRY_HUB", m[1])
			break
		}
	}
	go func() { _, _ = bufio.NewReader(out).WriteTo(&bytes.Buffer{}) }()
	ts.Defer(func() {
		_ = cmd.Process.Signal(syscall.SIGINT)
		if err := cmd.Wait(); err != nil {
			ts.Fatalf("gantry up: %v\n%s", err, &log)
		}
	})
	if ts.Getenv("GANTRY_HUB") == "" {
		ts.Fatalf("gantry up did not start:\n%s", &log)
	}
}

// command is gantry with the script's folder and environment.
func command(ts *testscript.TestScript, args ...string) *exec.Cmd {
	path, err := exec.LookPath("gantry")
	ts.Check(err)
	cmd := exec.Command(path, args...)
	cmd.Dir = ts.MkAbs(".")
	for _, name := range []string{"HOME", "PATH", "XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_DATA_HOME", "GANTRY_TOOLS", "GANTRY_DATA", "TMPDIR"} {
		cmd.Env = append(cmd.Env, name+"="+ts.Getenv(name))
	}
	return cmd
}

// until REGEXP COMMAND… runs a command again and again until its output matches. What
// the expression has in brackets becomes $FOUND.
func until(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: until REGEXP gantry ARG…")
	}
	wanted, err := regexp.Compile("(?m)" + args[0])
	ts.Check(err)
	var last []byte
	for begun := time.Now(); time.Since(begun) < 20*time.Second; time.Sleep(50 * time.Millisecond) {
		cmd := command(ts, args[2:]...)
		if hub := ts.Getenv("GANTRY_HUB"); hub != "" {
			cmd.Env = append(cmd.Env, "GANTRY_HUB="+hub)
		}
		last, _ = cmd.CombinedOutput()
		if found := wanted.FindSubmatch(last); found != nil {
			if len(found) > 1 {
				ts.Setenv("FOUND", string(found[1]))
			}
			return
		}
	}
	ts.Fatalf("%s never says %s; the last was\n%s", strings.Join(args[1:], " "), args[0], last)
}
