package media

import (
	"os/exec"
	"syscall"
)

// confine gives the process a session of its own (no terminal, and a group to kill), and has the kernel kill it
// when this process dies.
func confine(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Pdeathsig: syscall.SIGKILL}
}

func kill(cmd *exec.Cmd) error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }

// endSignal is the signal that ended the process, or 0. bubblewrap hands the signal of its child on as 128 + n.
func endSignal(err *exec.ExitError) syscall.Signal {
	if ws, ok := err.Sys().(syscall.WaitStatus); ok && ws.Signaled() {
		return ws.Signal()
	}
	return syscall.Signal(max(0, err.ExitCode()-128))
}

func ranOutOfFileSize(err *exec.ExitError) bool { return endSignal(err) == syscall.SIGXFSZ }

// wasKilled tells of a kill that is not ours: by the CPU limit, or by a kernel that is short of memory.
func wasKilled(err *exec.ExitError) bool { return endSignal(err) == syscall.SIGKILL }
