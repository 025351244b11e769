package servers

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"

	"golang.org/x/sys/unix"
)

func dieWithParent(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Setpgid: true}
}

// killTree ends a process and what it started: the sessions of an sshd outlive
// their listener otherwise. It is stopped first, so that it starts no more.
func killTree(p *os.Process) error {
	if err := p.Signal(syscall.SIGSTOP); errors.Is(err, os.ErrProcessDone) {
		return nil
	} else if err != nil {
		return err
	}
	family := descendants(p.Pid)
	err := p.Kill()
	for _, child := range family {
		_ = syscall.Kill(child, syscall.SIGKILL) // it may have ended by itself
	}
	return err
}

// descendants lists the children of pid, their children and so on.
func descendants(pid int) []int {
	stats, _ := filepath.Glob("/proc/[0-9]*/stat")
	children := make(map[int][]int)
	for _, path := range stats {
		data, err := os.ReadFile(path)
		if err != nil {
			continue
		}
		// "pid (name) state ppid …", where the name may hold anything.
		fields := bytes.Fields(data[bytes.LastIndexByte(data, ')')+1:])
		if len(fields) < 2 {
			continue
		}
		child, _ := strconv.Atoi(filepath.Base(filepath.Dir(path)))
		parent, _ := strconv.Atoi(string(fields[1]))
		children[parent] = append(children[parent], child)
	}
	var found []int
	for next := children[pid]; len(next) > 0; {
		child := next[0]
		found = append(found, child)
		next = append(next[1:], children[child]...)
	}
	return found
}

// keepsAttributes tells whether the file system of dir stores extended
// attributes of users.
func keepsAttributes(dir string) bool {
	const name = "user.gantry.probe"
	if unix.Setxattr(dir, name, []byte("1"), 0) != nil {
		return false
	}
	return unix.Removexattr(dir, name) == nil
}
