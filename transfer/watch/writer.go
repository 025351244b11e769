package watch

import (
	"os"
	"path/filepath"
)

// Writer says whether a process holds the file open for writing, and whether the
// kernel can tell: it cannot on network file systems, and only tells the file's owner
// and those with CAP_LEASE.
func Writer(path string) (open, told bool) {
	if withoutEvents(filepath.Dir(path)) != "" {
		return false, false
	}
	return askForWriter(path)
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
