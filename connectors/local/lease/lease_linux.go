package lease

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// Writer tells whether a process has the file open for writing, and whether the kernel
// can tell: it cannot on network file systems, and tells only the file's owner and those
// with CAP_LEASE. f is a regular file that is open for reading only.
func Writer(f *os.File) (open, told bool) {
	_, err := unix.FcntlInt(f.Fd(), unix.F_SETLEASE, unix.F_RDLCK)
	if err == nil {
		_, err = unix.FcntlInt(f.Fd(), unix.F_SETLEASE, unix.F_UNLCK)
		return false, err == nil
	}
	busy := errors.Is(err, unix.EAGAIN)
	return busy, busy
}
