package local

import (
	"errors"
	"os"
	"path"
	"syscall"
)

// folder is the path of the folder that holds path; "." is the root.
func folder(p string) string { return path.Dir(p) }

// syncFolders makes the names in a folder durable, and those of all folders above
// it if some of them are new.
func syncFolders(root *os.Root, dir string, all bool) error {
	for {
		if err := syncFolder(root, dir); err != nil {
			return err
		}
		if !all || dir == "." {
			return nil
		}
		dir = folder(dir)
	}
}

func syncFolder(root *os.Root, dir string) error {
	f, err := root.Open(dir)
	if err != nil {
		return err
	}
	defer f.Close()
	return ifSupported(f.Sync())
}

// ifSupported drops the error of a file system that knows no such call.
func ifSupported(err error) error {
	if errors.Is(err, errors.ErrUnsupported) || errors.Is(err, syscall.EINVAL) {
		return nil
	}
	return err
}
