//go:build !unix

package journal

import (
	"errors"
	"os"
)

// errLocked says that somebody else has the lock.
var errLocked = errors.New("locked")

// lock leaves the exclusion to the store's own lock on its folder.
func lock(*os.File) error { return nil }

func unlock(*os.File) error { return nil }

// retire unlocks the folder first: here none can be moved in which a file is open.
func (f *folder) retire(to string) error {
	return errors.Join(f.release(), os.Rename(f.dir, to))
}
