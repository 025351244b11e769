package local

import (
	"os"

	"golang.org/x/sys/unix"
)

const (
	seekData = unix.SEEK_DATA
	seekHole = unix.SEEK_HOLE
)

// punch gives back the room of a span, which reads as zeros from now on.
func punch(f *os.File, s span) error {
	return again(func() error {
		return unix.Fallocate(int(f.Fd()), unix.FALLOC_FL_PUNCH_HOLE|unix.FALLOC_FL_KEEP_SIZE, s.offset, s.end-s.offset)
	})
}

// lengthen makes a file at least size bytes long, and never shorter, whoever else
// writes to it.
func lengthen(f *os.File, size int64) error {
	return again(func() error { return unix.Fallocate(int(f.Fd()), 0, size-1, 1) })
}
