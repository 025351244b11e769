//go:build unix

package docket

import (
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

const noFollow = unix.O_NOFOLLOW

// lock is given up by the kernel when the process ends, however it ends. It excludes
// other holders in this process, too.
func lock(f *os.File) error { return unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB) }

// unlock gives the lock up at once: a close leaves it to a child that has been forked, and
// not yet closed what it has got.
func unlock(f *os.File) { _ = unix.Flock(int(f.Fd()), unix.LOCK_UN) }

// ours tells whether nobody else can put anything into a folder.
func ours(dir os.FileInfo) bool {
	s, ok := dir.Sys().(*syscall.Stat_t)
	return ok && int(s.Uid) == os.Geteuid() && dir.Mode().Perm()&0o022 == 0
}
