package local

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
)

// File systems without an exclusive rename get a link, whose crash in between is
// made good by the next attempt.
func TestLinkNew(t *testing.T) {
	dir := t.TempDir()
	root, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	write := func(name string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(name), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("staged")
	write("taken")
	if err := linkNew(root, "staged", "taken"); !errors.Is(err, os.ErrExist) {
		t.Errorf("onto another file: %v; want it to say that there is one", err)
	}
	if err := root.Link("staged", "half-way"); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"half-way", "free"} {
		if err := linkNew(root, "staged", name); err != nil {
			t.Errorf("to %s: %v", name, err)
		}
		if _, err := root.Stat("staged"); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("to %s: the staged file is still there: %v", name, err)
		}
		write("staged")
	}
}
