package journal

import (
	"os"

	"golang.org/x/sys/unix"
)

// syncData puts what was written to a file on the disk.
func syncData(f *os.File) error {
	for {
		if err := unix.Fdatasync(int(f.Fd())); err != unix.EINTR { //nolint:errorlint // a system call's own
			return err
		}
	}
}
