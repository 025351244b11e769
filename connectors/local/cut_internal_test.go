package local

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
)

// What is shorter than it was said to be is not copied in full.
func TestCopyOfACutFile(t *testing.T) {
	dir := t.TempDir()
	from, to := filepath.Join(dir, "from"), filepath.Join(dir, "to")
	if err := os.WriteFile(from, []byte("frames"), 0o600); err != nil {
		t.Fatal(err)
	}
	source, err := os.Open(from)
	if err != nil {
		t.Fatal(err)
	}
	defer source.Close()
	target, err := os.Create(to)
	if err != nil {
		t.Fatal(err)
	}
	defer target.Close()
	if err := copyRange(t.Context(), target, source, span{0, 10}); !errors.Is(err, errCut) {
		t.Errorf("%v; want errCut", err)
	}
}
