package resources

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"gantry/configs/resource"
)

// ReadDir reads every *.yaml and *.yml file of a folder with Read, in order of
// their names. A folder that is not there holds nothing.
func ReadDir(dir, data string) (*Set, error) {
	files, err := readFiles(dir)
	if err != nil {
		return nil, err
	}
	return Read(files, data)
}

func readFiles(dir string) ([]File, error) {
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("read resources: %w", err)
	}
	var files []File
	for _, e := range entries {
		if e.IsDir() || strings.HasPrefix(e.Name(), ".") || (filepath.Ext(e.Name()) != ".yaml" && filepath.Ext(e.Name()) != ".yml") {
			continue
		}
		name := filepath.Join(dir, e.Name())
		text, err := readFile(name)
		if err != nil {
			return nil, fmt.Errorf("read resources: %w", err)
		}
		files = append(files, File{Name: name, Text: text})
	}
	return files, nil
}

// readFile reads a little more than is allowed at the most, so that Read can tell.
func readFile(name string) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, resource.MaxSize+1))
}

// A staging holds new texts of files beside them, until all of them are put in
// place or none.
type staging struct {
	names map[string]string // of the final file, by the staged one's
}

func (s *staging) add(f File) error {
	mode := fs.FileMode(0o644)
	if info, err := os.Stat(f.Name); err == nil {
		mode = info.Mode().Perm()
	}
	t, err := os.CreateTemp(filepath.Dir(f.Name), ".resource-*")
	if err != nil {
		return err
	}
	if s.names == nil {
		s.names = map[string]string{}
	}
	s.names[t.Name()] = f.Name
	_, err = t.Write(f.Text)
	return errors.Join(err, t.Chmod(mode), t.Sync(), t.Close())
}

func (s *staging) commit() error {
	for staged, final := range s.names {
		if err := os.Rename(staged, final); err != nil {
			return err
		}
		if err := syncFolder(filepath.Dir(final)); err != nil {
			return err
		}
	}
	return nil
}

// discard removes what was not committed.
func (s *staging) discard() {
	for staged := range s.names {
		_ = os.Remove(staged) // a hidden file that nobody reads
	}
}

func syncFolder(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
