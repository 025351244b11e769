//go:build !linux

package servers

import (
	"os"
	"os/exec"
)

func dieWithParent(*exec.Cmd) {}

func killTree(p *os.Process) error { return p.Kill() }

func keepsAttributes(string) bool { return false }
