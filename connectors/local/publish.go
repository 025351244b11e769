package local

import (
	"errors"
	"io/fs"
	"os"
	"path"
	"syscall"

	"gantry/connectors"
)

// publish runs rename, which puts a file at path, makes the folders that it
// lacks, and syncs what changed.
func (p *place) publish(g *grip, path string, rename func() error) error {
	root := g.root
	err := rename()
	lacking := errors.Is(err, fs.ErrNotExist) && folder(path) != "."
	if lacking {
		if err = p.makeFolders(root, folder(path)); err == nil {
			err = rename()
		}
		if errors.Is(err, fs.ErrExist) && !known(err) {
			err = syscall.ENOTDIR
		}
	}
	if errors.Is(err, syscall.ENOTDIR) {
		return connectors.Errorf(connectors.KindInvalid, "make the folder of", path, "a file stands where a folder is needed")
	}
	if err != nil || !p.set.durable {
		return err
	}
	return p.syncs.folders(g, folder(path), lacking)
}

func known(err error) bool {
	var e *connectors.Error
	return errors.As(err, &e)
}

// makeFolders makes a folder and those above it. Only those that it makes get the
// mode that is set.
func (p *place) makeFolders(root *os.Root, dir string) error {
	if p.set.dirMode == 0 {
		return root.MkdirAll(dir, 0o777)
	}
	if dir == "." {
		return nil
	}
	err := root.Mkdir(dir, p.set.dirMode.Perm())
	if errors.Is(err, fs.ErrNotExist) {
		if err := p.makeFolders(root, path.Dir(dir)); err != nil {
			return err
		}
		err = root.Mkdir(dir, p.set.dirMode.Perm())
	}
	switch {
	case err == nil:
		return root.Chmod(dir, p.set.dirMode)
	case errors.Is(err, fs.ErrExist):
		info, err := root.Stat(dir)
		if err == nil && !info.IsDir() {
			err = syscall.ENOTDIR
		}
		return err
	default:
		return err
	}
}
