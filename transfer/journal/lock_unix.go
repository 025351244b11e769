//go:build unix

package journal

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// errLocked says that somebody else has the lock.
var errLocked = errors.New("locked")

// lock is given up by the kernel when the process ends, however it ends.
func lock(f *os.File) error {
	err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
	if errors.Is(err, unix.EWOULDBLOCK) {
		return errLocked
	}
	return err
}

// unlock gives the lock up at once: a close leaves it to a child that has been forked, and
// not yet closed what it has got.
func unlock(f *os.File) error { return unix.Flock(int(f.Fd()), unix.LOCK_UN) }

// retire moves the folder while it is locked.
func (f *folder) retire(to string) error {
	return errors.Join(os.Rename(f.dir, to), f.release())
}
