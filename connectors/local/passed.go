package local

import (
	"errors"
	"io/fs"
	"syscall"
)

// notAFile is why a listing passes something over.
func notAFile(mode fs.FileMode) error {
	if mode.IsDir() {
		return errors.New("a link to a folder is not followed")
	}
	return errors.New(sort(mode) + " is no file")
}

func sort(mode fs.FileMode) string {
	switch {
	case mode.IsDir():
		return "a folder"
	case mode&fs.ModeNamedPipe != 0:
		return "a FIFO"
	case mode&fs.ModeSocket != 0:
		return "a socket"
	case mode&fs.ModeDevice != 0:
		return "a device"
	case mode&fs.ModeSymlink != 0:
		return "a link"
	default:
		return "something else"
	}
}

// brokenLink says why a link is no file; nil if nobody knows, since the file system
// failed.
func brokenLink(err error) error {
	switch {
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.ENOTDIR), errors.Is(err, syscall.ENAMETOOLONG):
		return errors.New("a link to nothing")
	case errors.Is(err, syscall.ELOOP):
		return errors.New("a link in a loop")
	case leavesRoot(err):
		return errors.New("a link that leads out")
	default:
		return nil
	}
}
