package connectortest

import (
	"io/fs"
	"os"
	"path/filepath"
)

// onDisk makes a file behind the server's back, whose sessions may run as another
// user than we do.
func (s *stand) onDisk(path string, data []byte) {
	s.t.Helper()
	full := filepath.Join(s.site.Dir, path)
	for dir := filepath.Dir(path); dir != "."; dir = filepath.Dir(dir) {
		defer func() { _ = os.Chmod(filepath.Join(s.site.Dir, dir), 0o777) }()
	}
	if err := os.MkdirAll(filepath.Dir(full), 0o777); err != nil {
		s.t.Fatal(err)
	}
	if err := os.WriteFile(full, data, 0o666); err != nil {
		s.t.Fatal(err)
	}
	if err := os.Chmod(full, 0o666); err != nil {
		s.t.Fatal(err)
	}
}

// leftOnDisk lists what the place's folder holds, except what is kept and the
// folders that lead there.
func (s *stand) leftOnDisk(kept ...string) []string {
	s.t.Helper()
	known := map[string]bool{".": true}
	for _, path := range kept {
		for ; !known[path]; path = filepath.Dir(path) {
			known[path] = true
		}
	}
	var left []string
	err := filepath.WalkDir(s.site.Dir, func(path string, _ fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		below, err := filepath.Rel(s.site.Dir, path)
		if err == nil && !known[below] {
			left = append(left, below)
		}
		return err
	})
	if err != nil {
		s.t.Fatal(err)
	}
	return left
}

// needDisk skips a test that has to look behind the server's back.
func (s *stand) needDisk() {
	s.t.Helper()
	if s.site.Dir == "" {
		s.t.Skip("the test cannot get at the files behind the server's back (Site.Dir)")
	}
}
