//go:build unix

package connectortest

import "golang.org/x/sys/unix"

// makeSpecial makes a FIFO or a socket that nobody listens on.
func makeSpecial(path string, socket bool) error {
	if socket {
		return unix.Mknod(path, unix.S_IFSOCK|0o666, 0)
	}
	return unix.Mkfifo(path, 0o666)
}
