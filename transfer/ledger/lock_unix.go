//go:build unix

package ledger

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// lockKeep waits while somebody prunes. The kernel ends the lock with the file, or with
// the process. A file system without locks has none: what [Ledger.Prune] finds to be
// young and unfinished is left alone there, too.
func lockKeep(f *os.File) error { return lock(f, unix.LOCK_SH) }

// lockPrune is errBusy while somebody keeps a run, or prunes.
func lockPrune(f *os.File) error { return lock(f, unix.LOCK_EX|unix.LOCK_NB) }

func lock(f *os.File, how int) error {
	for {
		switch err := unix.Flock(int(f.Fd()), how); {
		case errors.Is(err, unix.EINTR): // and again
		case errors.Is(err, unix.EWOULDBLOCK):
			return errBusy
		case errors.Is(err, unix.ENOLCK), errors.Is(err, unix.ENOTSUP), errors.Is(err, unix.EOPNOTSUPP), errors.Is(err, unix.ENOSYS):
			return nil
		default:
			return err
		}
	}
}
