package watch

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
)

// rootID tells one folder from another that comes to lie under the same path.
type rootID struct{ device, inode uint64 }

// rootSight is what one look at the root gave.
type rootSight struct {
	id    rootID
	empty bool
	err   error
}

// judgeRoot decides what a look at the root means: gone says why it must not be believed, changed that it is to be opened anew.
//
// A volume that is unmounted leaves its mount point behind: an empty folder on another device. Where files were known, that is no
// root without files, it is a root that is not there.
func judgeRoot(was rootID, known int, now rootSight) (gone string, changed bool) {
	switch {
	case errors.Is(now.err, fs.ErrNotExist):
		return "the folder does not exist: mount the volume, or create it", false
	case now.err != nil:
		return "the folder cannot be read: " + now.err.Error(), false
	case was == now.id:
		return "", false
	case known > 0 && now.empty && was.device != now.id.device:
		return "an empty folder of another file system is in its place: is the volume unmounted?", false
	}
	return "", true
}

// lookAtRoot reads one entry only if the folder is not the one that it was.
func lookAtRoot(root string, was rootID) rootSight {
	info, err := os.Stat(root)
	if err != nil {
		return rootSight{err: err}
	}
	if !info.IsDir() {
		return rootSight{err: fmt.Errorf("%q is not a folder", root)}
	}
	s := rootSight{id: identify(info)}
	if s.id == was {
		return s
	}
	dir, err := os.Open(root)
	if err != nil {
		return rootSight{err: err}
	}
	defer func() { _ = dir.Close() }()
	_, err = dir.ReadDir(1)
	s.empty = errors.Is(err, io.EOF)
	return s
}
