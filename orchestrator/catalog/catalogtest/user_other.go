//go:build !linux

package catalogtest

import (
	"syscall"
	"testing"
)

func asOtherUser(testing.TB, string) *syscall.SysProcAttr { return &syscall.SysProcAttr{} }
