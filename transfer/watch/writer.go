package watch

import (
	"os"
	"path/filepath"
	"syscall"

	"gantry/connectors/local/lease"
)

// Writer says whether a process holds the file open for writing, and whether the
// kernel can tell: it cannot on network file systems, and only tells the file's owner
// and those with CAP_LEASE.
func Writer(path string) (open, told bool) {
	if withoutEvents(filepath.Dir(path)) != "" {
		return false, false
	}
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK|syscall.O_NOFOLLOW, 0)
	if err != nil {
		return false, false
	}
	defer f.Close()
	if info, err := f.Stat(); err != nil || !info.Mode().IsRegular() {
		return false, false
	}
	return lease.Writer(f)
}

// hasWriter is Writer without the doubt.
func hasWriter(path string) bool {
	open, told := Writer(path)
	return open && told
}

// Look describes a file below a root as it is now, as a watcher would. It follows no link.
func Look(root, path string) (File, error) {
	info, err := os.Lstat(filepath.Join(root, filepath.FromSlash(path)))
	if err != nil {
		return File{}, err
	}
	s := seen(info)
	return File{Path: path, Size: s.size, ModTime: s.modTime, Inode: s.inode}, nil
}
