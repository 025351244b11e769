//go:build unix

package sftp

import (
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// lockFile waits until nobody else holds the file, and makes it and its folder if
// they are missing.
func lockFile(name string) (unlock func(), err error) {
	if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
		return nil, err
	}
	for {
		f, err := os.OpenFile(name, os.O_CREATE|os.O_RDWR, 0o600)
		if err != nil {
			return nil, err
		}
		if err := unix.Flock(int(f.Fd()), unix.LOCK_EX); err != nil {
			_ = f.Close()
			return nil, err
		}
		held, err := f.Stat()
		now, gone := os.Stat(name)
		if err == nil && gone == nil && os.SameFile(held, now) {
			return func() { _ = f.Close() }, nil
		}
		_ = f.Close() // it was replaced while we waited
	}
}
