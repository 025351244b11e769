package local

import (
	"os"

	"golang.org/x/sys/unix"
)

// readAhead and forget are advice, which the system may do without.

func readAhead(f *os.File) { _ = unix.Fadvise(int(f.Fd()), 0, 0, unix.FADV_SEQUENTIAL) }

func forget(f *os.File, s span) {
	_ = unix.Fadvise(int(f.Fd()), s.offset, s.end-s.offset, unix.FADV_DONTNEED)
}
