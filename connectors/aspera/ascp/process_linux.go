package ascp

import (
	"os/exec"
	"syscall"
)

// alone gives the process a group of its own, and lets the kernel end it when we
// die.
func alone(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Setpgid: true}
}
