package local

import (
	"os"

	"golang.org/x/sys/unix"
)

// clone makes target share all blocks of source.
func clone(target, source *os.File) error {
	return again(func() error { return unix.IoctlFileClone(int(target.Fd()), int(source.Fd())) })
}

// copyInKernel copies the beginning of a span to the same place in target.
func copyInKernel(target, source *os.File, s span) (int64, error) {
	from, to := s.offset, s.offset
	var n int
	err := again(func() (err error) {
		n, err = unix.CopyFileRange(int(source.Fd()), &from, int(target.Fd()), &to, int(s.end-s.offset), 0)
		return err
	})
	return int64(n), err
}
