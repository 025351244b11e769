//go:build !linux

package ascp

import (
	"os/exec"
	"syscall"
)

// alone gives the process a group of its own. No kernel but Linux's ends it when
// we die.
func alone(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }
