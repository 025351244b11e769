package local

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"syscall"

	"golang.org/x/sys/unix"
)

// version changes with every write to the inode, whatever its times are set to.
func version(info fs.FileInfo) string {
	if s, ok := info.Sys().(*syscall.Stat_t); ok {
		return fmt.Sprintf("%x-%x.%09d", s.Ino, s.Ctim.Sec, s.Ctim.Nsec)
	}
	return ""
}

// preallocate takes size bytes of the volume without making the file longer, so
// that its length still tells how far it was written.
func preallocate(f *os.File, size int64) error {
	return again(func() error { return unix.Fallocate(int(f.Fd()), unix.FALLOC_FL_KEEP_SIZE, 0, size) })
}

func syncData(f *os.File) error {
	return again(func() error { return unix.Fdatasync(int(f.Fd())) })
}

// renameNew renames to a name that must be free, in one step where the file
// system can.
func renameNew(root *os.Root, from, to string) error {
	source, err := root.Open(folder(from))
	if err != nil {
		return err
	}
	defer source.Close()
	target, err := root.Open(folder(to))
	if err != nil {
		return err
	}
	defer target.Close()
	err = unix.Renameat2(int(source.Fd()), path.Base(from), int(target.Fd()), path.Base(to), unix.RENAME_NOREPLACE)
	if errors.Is(err, unix.EINVAL) || errors.Is(err, unix.ENOSYS) {
		return linkNew(root, from, to)
	}
	return err
}

func again(call func() error) error {
	for {
		if err := call(); !errors.Is(err, unix.EINTR) {
			return err
		}
	}
}
