package local

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"testing"

	"gantry/connectors/promise"
)

func gripOf(t *testing.T, dir string) *grip {
	t.Helper()
	if err := os.MkdirAll(filepath.Join(dir, promise.Folder), 0o700); err != nil {
		t.Fatal(err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	return &grip{root: root, users: 1}
}

// A folder of uploads that was left is closed with its last user, and not by a collection.
func TestLeftFolderOfUploadsIsClosedWithItsLastUser(t *testing.T) {
	t.Parallel()
	g := gripOf(t, t.TempDir())
	defer g.letGo()
	open := func(s *stage) bool {
		_, err := s.dir.Stat()
		return !errors.Is(err, os.ErrClosed)
	}
	one, two := g.staging(), g.staging()
	g.unstage()
	one.done()
	if !open(two) {
		t.Error("it is closed while somebody uses it")
	}
	two.done()
	if open(two) {
		t.Error("it is open though nobody uses it")
	}
	three := g.staging()
	three.done()
	if three == two || !open(three) {
		t.Error("the next one is not open")
	}
}

// Many who make and publish files while others leave the folder of uploads, and open
// folders that get its number, have none of their files land there.
func TestFilesLandInTheirFolderWhileItsHandleIsLeft(t *testing.T) {
	t.Parallel()
	dir, elsewhere := t.TempDir(), t.TempDir()
	g := gripOf(t, dir)
	defer g.letGo()
	const workers, files = 8, 300
	var working, meddling sync.WaitGroup
	end := make(chan struct{})
	for n := range workers {
		working.Go(func() {
			for i := range files {
				name := fmt.Sprint(n, "-", i)
				s := g.staging()
				if s == nil {
					t.Error("there is no folder of uploads")
					return
				}
				f, err := createIn(s.dir, name)
				s.done()
				if err != nil {
					t.Error(err)
					return
				}
				_ = f.Close()
				if done, err := g.rename(name, name); err != nil || !done {
					t.Errorf("rename %s: %v, %v", name, done, err)
				}
			}
		})
	}
	for range 2 {
		meddling.Go(func() {
			for n := 0; ; n++ {
				select {
				case <-end:
					return
				default:
				}
				g.unstage()
				if f, err := os.Open(elsewhere); err == nil {
					_ = f.Close()
				}
				if n%64 == 0 {
					runtime.GC()
				}
			}
		})
	}
	working.Wait()
	close(end)
	meddling.Wait()
	if there, err := os.ReadDir(elsewhere); err != nil || len(there) > 0 {
		t.Errorf("%d files are elsewhere, %v", len(there), err)
	}
	if here, err := os.ReadDir(dir); err != nil || len(here) != workers*files+1 {
		t.Errorf("%d files are in their folder, %v", len(here)-1, err)
	}
}

// Many who take and let go of a place's root never find it closed.
func TestRootIsOpenForAllWhoHoldIt(t *testing.T) {
	t.Parallel()
	p, up, w := small(t, t.TempDir())
	var all sync.WaitGroup
	for range 16 {
		all.Go(func() {
			for range 200 {
				g, err := p.grasp("stat", "clip")
				if err != nil {
					t.Error(err)
					return
				}
				if s := g.staging(); s == nil || !g.lacks("clip") {
					t.Error("it was closed")
				} else {
					s.done()
				}
				g.letGo()
			}
		})
	}
	all.Wait()
	if _, err := up.Commit(t.Context(), w); err != nil {
		t.Error(err)
	}
	if p.grips.now != nil {
		t.Errorf("the root is held by %d", p.grips.now.users)
	}
}
