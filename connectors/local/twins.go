package local

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
	"syscall"

	"gantry/connectors"
)

// refuseTwin refuses a path that the file system takes for another one that is
// there: "Clip" where "clip" is, also for the folders on the way. except is a file
// that may be the twin, as the one is that gets another case; nil is none. What ends
// before from was looked at before.
func (p *place) refuseTwin(root *os.Root, op, target string, from int, except fs.FileInfo) error {
	twin, err := p.twin(root, target, from, except)
	if err != nil {
		return err
	}
	if twin == "" {
		return nil
	}
	return &connectors.Error{
		Kind: connectors.KindExists, Op: op, Path: target, Err: fmt.Errorf("the file system takes it for %q, which is there", twin),
		Remedy: "send it under another name, or remove the other one",
	}
}

// twin gives the path under which target, or the first folder on the way to it,
// is there with another spelling; "" = it is not.
func (p *place) twin(root *os.Root, target string, from int, except fs.FileInfo) (string, error) {
	_, known, _ := p.facts.get()
	for end := range elements(target) {
		if end < from {
			continue
		}
		at := target[:end]
		info, err := root.Lstat(at)
		if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) {
			return "", nil
		}
		if err != nil {
			return "", err
		}
		if except != nil && os.SameFile(info, except) {
			continue
		}
		dir, name := path.Split(at)
		if known == (folds{}) && !respelled(root, dir, name, info) {
			continue
		}
		twin, err := spelling(root, dir, name, info)
		if twin != "" || err != nil {
			return twin, err
		}
	}
	return "", nil
}

// elements yields where each element of a path ends.
func elements(p string) func(func(int) bool) {
	return func(yield func(int) bool) {
		for i := 0; i <= len(p); i++ {
			if (i == len(p) || p[i] == '/') && !yield(i) {
				return
			}
		}
	}
}

// respelled tells whether the file called name in dir is also found under another
// spelling.
func respelled(root *os.Root, dir, name string, info fs.FileInfo) bool {
	for _, other := range []string{otherCase(name), otherForm(name)} {
		if other == name {
			continue
		}
		if there, err := root.Lstat(dir + other); err == nil && os.SameFile(info, there) {
			return true
		}
	}
	return false
}

// spelling reads the folder for how the file is really called; "" if it is called
// name.
func spelling(root *os.Root, dir, name string, info fs.FileInfo) (string, error) {
	d, err := root.Open("./" + strings.TrimSuffix(dir, "/"))
	if err != nil {
		return "", err
	}
	defer d.Close()
	names, err := d.Readdirnames(-1)
	if err != nil || slices.Contains(names, name) {
		return "", err
	}
	for _, other := range names {
		if there, err := root.Lstat(dir + other); err == nil && os.SameFile(info, there) {
			return dir + other, nil
		}
	}
	return "", nil // it has gone meanwhile
}
