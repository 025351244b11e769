package local

import (
	"errors"
	"fmt"
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

// linkFailed says why a link is no file.
func linkFailed(err error) error {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return errors.New("a link to nothing")
	case errors.Is(err, syscall.ELOOP):
		return errors.New("a link in a loop")
	case leavesRoot(err):
		return errors.New("a link that leads out")
	default:
		return fmt.Errorf("a link that cannot be followed: %w", err)
	}
}
