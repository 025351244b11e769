//go:build unix

package watch

import (
	"io/fs"
	"os"
	"syscall"
)

func identify(info fs.FileInfo) rootID {
	if s, ok := info.Sys().(*syscall.Stat_t); ok {
		return rootID{uint64(s.Dev), uint64(s.Ino)}
	}
	return rootID{}
}

// openFolder does not block on a pipe, and does not follow a link, that has been put in the folder's place.
func openFolder(path string) (*os.File, error) {
	return os.OpenFile(path, syscall.O_RDONLY|syscall.O_DIRECTORY|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, 0)
}
