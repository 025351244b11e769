package main

import (
	"os"
	"os/exec"
	"runtime"
	"testing"
	"time"
)

func TestStatIsRead(t *testing.T) {
	for text, want := range map[string]struct {
		pid, parent int
		cpu         time.Duration
		ok          bool
	}{
		"12 (a) b) S 7 12 12 0 -1 4194560 1 2 3 4 10 20 300 4000 20 0 1 0": {12, 7, 43300 * time.Millisecond, true},
		"12 (vsftpd) S 7 12": {},
		"":                   {},
		"12 (x) S 7 12 12 0 -1 4194560 1 2 3 4 10 twenty 300 4000 20 0": {},
	} {
		pid, parent, cpu, ok := parseStat(text)
		if ok != want.ok || ok && (pid != want.pid || parent != want.parent || cpu != want.cpu) {
			t.Errorf("%q: %d, %d, %v, %v; want %v", text, pid, parent, cpu, ok, want)
		}
	}
}

// TestWhatServersSpendIsCounted: of a process that was waited for, and of one that runs.
func TestWhatServersSpendIsCounted(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("there is no /proc to read CPU times from")
	}
	before := spent(os.Getpid())
	if err := exec.Command("sh", "-c", "i=0; while [ $i -lt 100000 ]; do i=$((i+1)); done").Run(); err != nil {
		t.Fatal(err)
	}
	if took := spent(os.Getpid()) - before; took < tick || took > time.Minute {
		t.Errorf("it took %v", took)
	}
	c := exec.Command("sh", "-c", "i=0; while [ $i -lt 100000 ]; do i=$((i+1)); done; echo; read x")
	stdin, err := c.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	before = spent(os.Getpid())
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	defer c.Wait()      //nolint:errcheck
	defer stdin.Close() //nolint:errcheck
	if _, err := stdout.Read(make([]byte, 1)); err != nil {
		t.Fatal(err)
	}
	if took := spent(os.Getpid()) - before; took < tick || spent(c.Process.Pid) < tick {
		t.Errorf("with what runs still, it took %v", took)
	}
}
