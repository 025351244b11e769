package local

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"testing"

	"gantry/connectors"
	"gantry/connectors/promise"
)

func small(t *testing.T, dir string) (*place, connectors.Upload, connectors.Whole) {
	t.Helper()
	opened, err := open(t.Context(), connectors.Location{URL: "file://" + dir})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = opened.Close() })
	up, err := opened.Begin(t.Context(), "clip", connectors.UploadOptions{Size: 4, AtOnce: true})
	if err != nil {
		t.Fatal(err)
	}
	part, err := up.WritePart(t.Context(), connectors.Part{Number: 1, Size: 4}, bytes.NewReader([]byte("data")))
	if err != nil {
		t.Fatal(err)
	}
	return opened.(*place), up, connectors.Whole{Size: 4, Parts: []connectors.Part{part}}
}

// The root is open as long as files below it are, and no longer.
func TestRootIsHeldByOpenFilesOnly(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(connectors.Upload, connectors.Whole) error{
		"commit": func(up connectors.Upload, w connectors.Whole) error {
			_, err := up.Commit(context.Background(), w)
			return err
		},
		"abort": func(up connectors.Upload, _ connectors.Whole) error { return up.Abort(context.Background()) },
		"rest":  func(up connectors.Upload, _ connectors.Whole) error { up.(connectors.Resting).Rest(); return nil },
	} {
		p, up, w := small(t, t.TempDir())
		if p.grips.now == nil {
			t.Fatal("the root is not held")
		}
		if err := end(up, w); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if p.grips.now != nil {
			t.Errorf("after %s the root is held by %d", name, p.grips.now.users)
		}
	}
}

// A folder that has come to the root's path, or to that of the uploads, gets nothing by the
// handles of the one that was there, and neither does that.
func TestHeldRootIsLeftWhenItsPathLeadsElsewhere(t *testing.T) {
	t.Parallel()
	for _, moved := range []string{"", promise.Folder} {
		top := t.TempDir()
		root := filepath.Join(top, "root")
		if err := os.Mkdir(root, 0o700); err != nil {
			t.Fatal(err)
		}
		p, up, w := small(t, root)
		if err := os.Rename(filepath.Join(root, moved), filepath.Join(top, "away")); err != nil {
			t.Fatal(err)
		}
		if err := os.MkdirAll(filepath.Join(root, moved), 0o700); err != nil {
			t.Fatal(err)
		}
		if _, err := up.Commit(t.Context(), w); connectors.KindOf(err) != connectors.KindNotFound {
			t.Errorf("commit with %q moved: %v", moved, err)
		}
		for _, path := range []string{"root/clip", "away/clip"} {
			if _, err := os.Stat(filepath.Join(top, path)); err == nil {
				t.Errorf("%s is there", path)
			}
		}
		again, err := p.Begin(t.Context(), "clip", connectors.UploadOptions{Size: 4, AtOnce: true})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := again.WritePart(t.Context(), connectors.Part{Number: 1, Size: 4}, bytes.NewReader([]byte("data"))); err != nil {
			t.Fatal(err)
		}
		if _, err := again.Commit(t.Context(), w); err != nil {
			t.Error(err)
		}
		if _, err := os.Stat(filepath.Join(root, "clip")); err != nil {
			t.Error(err)
		}
	}
}
