package local

import (
	"errors"
	"fmt"
	"os"
	"sync"
	"testing"
)

// Whoever returns from a sync shares one that began after it came, or its error.
func TestFoldersAreSyncedTogether(t *testing.T) {
	root, err := os.OpenRoot(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	if err := root.Mkdir("there", 0o777); err != nil {
		t.Fatal(err)
	}
	var s syncs
	var group sync.WaitGroup
	for n := range 64 {
		dir, missing := "there", n%4 == 0
		if missing {
			dir = fmt.Sprint("missing", n%8)
		}
		group.Go(func() {
			for range 50 {
				if err := s.folder(&grip{root: root}, dir); missing != errors.Is(err, os.ErrNotExist) {
					t.Errorf("%s: %v", dir, err)
				}
			}
		})
	}
	group.Wait()
	if len(s.dirs) != 0 {
		t.Errorf("%d folders are remembered", len(s.dirs))
	}
}
