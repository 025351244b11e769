package local

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"strconv"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"gantry/connectors"
)

// version changes with every write to the inode, whatever its times are set to.
func version(info fs.FileInfo) string {
	if s, ok := info.Sys().(*syscall.Stat_t); ok {
		text := append(strconv.AppendUint(make([]byte, 0, 40), s.Ino, 16), '-')
		text = append(strconv.AppendInt(text, s.Ctim.Sec, 16), '.')
		return string(append(text, strconv.Itoa(1e9 + int(s.Ctim.Nsec))[1:]...)) // nine digits
	}
	return ""
}

// preallocate takes size bytes of the volume without making the file longer, so
// that its length still tells how far it was written.
func preallocate(f *os.File, size int64) error {
	return again(func() error { return unix.Fallocate(int(f.Fd()), unix.FALLOC_FL_KEEP_SIZE, 0, size) })
}

// roomFor fails if the volume has less room than size bytes.
func roomFor(f *os.File, size int64) error {
	var s unix.Statfs_t
	if unix.Fstatfs(int(f.Fd()), &s) == nil && s.Blocks > 0 && int64(s.Bavail)*s.Bsize < size {
		return unix.ENOSPC
	}
	return nil
}

// volumeSize is how many bytes a volume has, used ones included; 0 if it does not say.
func volumeSize(path string) int64 {
	var s unix.Statfs_t
	if unix.Statfs(path, &s) != nil {
		return 0
	}
	return int64(s.Blocks) * s.Bsize
}

func syncData(f *os.File) error {
	return again(func() error { return unix.Fdatasync(int(f.Fd())) })
}

// renameNew renames to a name that must be free, in one step where the file
// system can.
func renameNew(root *os.Root, from, to string) error { return moveNew(root, from, root, to) }

// moveNew is renameNew between two roots.
func moveNew(home *os.Root, from string, root *os.Root, to string) error {
	source, err := home.Open(folder(from))
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
	if home != root || !errors.Is(err, unix.EINVAL) && !errors.Is(err, unix.ENOSYS) {
		return err
	}
	linked := linkNew(root, from, to)
	if errors.Is(linked, unix.EPERM) || errors.Is(linked, errors.ErrUnsupported) {
		return err // no links here: then it was the name that was refused, or there is no such rename
	}
	return linked
}

// systemCauses are those that other systems do not have.
var systemCauses = []cause{
	{connectors.KindUnavailable, "the file system is damaged: check it (fsck)", []error{unix.EUCLEAN, unix.EBADMSG}},
	{connectors.KindUnavailable, "check the disk and its connection", []error{unix.ENOMEDIUM, unix.EREMOTEIO}},
}

// outOfInodes tells whether a volume has no room for names while it has some for
// bytes.
func outOfInodes(path string) bool {
	var s unix.Statfs_t
	return unix.Statfs(path, &s) == nil && s.Files > 0 && s.Ffree == 0 && s.Bavail > 0
}

// allocated tells how much room a file takes.
func allocated(info fs.FileInfo) int64 {
	if s, ok := info.Sys().(*syscall.Stat_t); ok {
		return s.Blocks * 512
	}
	return info.Size()
}

// began tells when a file was made, as far as the file system keeps it.
func began(path string, info fs.FileInfo) time.Time {
	var s unix.Statx_t
	err := unix.Statx(unix.AT_FDCWD, path, unix.AT_SYMLINK_NOFOLLOW, unix.STATX_BTIME, &s)
	if err != nil || s.Mask&unix.STATX_BTIME == 0 {
		return info.ModTime()
	}
	return time.Unix(s.Btime.Sec, int64(s.Btime.Nsec))
}

// identityOf names an inode. Links are followed, as by [os.Root.Stat].
func identityOf(path string, info fs.FileInfo) string {
	s, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return ""
	}
	identity := fmt.Sprintf("%x", s.Ino)
	var x unix.Statx_t
	if unix.Statx(unix.AT_FDCWD, path, 0, unix.STATX_BTIME|unix.STATX_INO, &x) == nil && x.Mask&unix.STATX_BTIME != 0 && x.Ino == s.Ino {
		identity += fmt.Sprintf("-%x.%09d", x.Btime.Sec, x.Btime.Nsec)
	}
	return identity
}

func readOnly(path string) bool {
	var s unix.Statfs_t
	return unix.Statfs(path, &s) == nil && s.Flags&unix.ST_RDONLY != 0
}

// links tells how many names a file has.
func links(info fs.FileInfo) uint64 {
	if s, ok := info.Sys().(*syscall.Stat_t); ok {
		return uint64(s.Nlink)
	}
	return 0
}

// setTime sets the modification time, to the nanosecond and for any year that the
// file system knows.
func setTime(f *os.File, t time.Time) error {
	times := [2]unix.Timespec{{Nsec: unix.UTIME_OMIT}, {Sec: t.Unix(), Nsec: int64(t.Nanosecond())}}
	return again(func() error {
		_, _, errno := unix.Syscall6(unix.SYS_UTIMENSAT, f.Fd(), 0, uintptr(unsafe.Pointer(&times)), 0, 0, 0)
		if errno != 0 {
			return errno
		}
		return nil
	})
}

// foldsByFlag tells of folders that were made to fold case and Unicode form.
func foldsByFlag(dir *os.File) bool {
	flags, err := unix.IoctlGetUint32(int(dir.Fd()), unix.FS_IOC_GETFLAGS)
	return err == nil && flags&casefold != 0
}

const casefold = 0x40000000 // FS_CASEFOLD_FL

func again(call func() error) error {
	for {
		if err := call(); !errors.Is(err, unix.EINTR) {
			return err
		}
	}
}

// renamesOpen tells whether a file that is open can be renamed.
const renamesOpen = true
