package media

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// makeScratch makes an empty scratch folder in dir, with folders in it, and returns its real, absolute path.
func makeScratch(dir string, folders []string) (string, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return "", err
	}
	if dir, err = filepath.EvalSymlinks(dir); err != nil {
		return "", err
	}
	scratch := filepath.Join(dir, scratchName)
	if err := os.RemoveAll(scratch); err != nil {
		return "", err
	}
	if err := os.Mkdir(scratch, 0o755); err != nil {
		return "", err
	}
	for _, f := range folders {
		if err := os.MkdirAll(filepath.Join(scratch, filepath.FromSlash(f)), 0o755); err != nil {
			return "", errors.Join(err, os.RemoveAll(scratch))
		}
	}
	return scratch, nil
}

// files lists the regular files of an output below scratch. Anything else there is an error: ffmpeg makes no links.
func (o Output) files(scratch string) ([]File, error) {
	root := filepath.Join(scratch, o.top())
	var files []File
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		st, err := d.Info()
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(scratch, path)
		if err != nil {
			return err
		}
		if !st.Mode().IsRegular() || st.Size() == 0 {
			return fail(ErrOutput, fmt.Sprintf("%s is empty, or no regular file", rel))
		}
		files = append(files, File{Path: filepath.ToSlash(rel), Size: st.Size()})
		return nil
	})
	return files, err
}

// top is the output's one entry in the folder.
func (o Output) top() string {
	if o.Profile.Kind == KindHLS {
		return o.Name
	}
	return o.file()
}

// publish makes the outputs durable, and then moves them to their names.
func publish(scratch, dir string, outputs []Output) error {
	for _, o := range outputs {
		err := filepath.WalkDir(filepath.Join(scratch, o.top()), func(path string, _ fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			return syncPath(path)
		})
		if err != nil {
			return err
		}
	}
	for i, o := range outputs {
		if err := replace(filepath.Join(scratch, o.top()), filepath.Join(dir, o.top())); err != nil {
			for _, done := range outputs[:i] {
				err = errors.Join(err, os.RemoveAll(filepath.Join(dir, done.top())))
			}
			return err
		}
	}
	return syncPath(dir)
}

func replace(from, to string) error {
	if err := os.RemoveAll(to); err != nil {
		return err
	}
	return os.Rename(from, to)
}

func syncPath(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}
