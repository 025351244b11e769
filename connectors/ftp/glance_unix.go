//go:build unix

package ftp

import (
	"net"
	"syscall"

	"golang.org/x/sys/unix"
)

// silent tells that nothing has come over a connection, not even its end. False says
// that something may have.
func silent(c net.Conn) bool {
	holder, ok := c.(syscall.Conn)
	if !ok {
		return false
	}
	raw, err := holder.SyscallConn()
	if err != nil {
		return false
	}
	nothing := false
	err = raw.Control(func(fd uintptr) {
		_, _, err := unix.Recvfrom(int(fd), make([]byte, 1), unix.MSG_PEEK|unix.MSG_DONTWAIT)
		nothing = err == unix.EAGAIN
	})
	return err == nil && nothing
}
