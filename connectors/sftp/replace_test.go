package sftp_test

import (
	"os"
	"path/filepath"
	"testing"

	"gantry/connectors"
)

// On a server that cannot replace in one step, each step may be the last one.
func TestInterruptedReplace(t *testing.T) {
	t.Parallel()
	s := startBare(t)
	dir := t.TempDir()
	target := filepath.Join(dir, "clip")
	place := open(t, location(s, dir))
	if place.Traits().AtomicCommit {
		t.Fatal("the server replaces in one step, or the place says so wrongly")
	}
	// half-way gives an upload whose commit ended after the old file was moved aside.
	halfWay := func() (up connectors.Upload, staged, backup string) {
		must(t, os.WriteFile(target, []byte("old"), 0o600))
		up = begin(t, place, "clip", "")
		write(t, up, 1, 2, 3, 4)
		staged = filepath.Join(dir, ".gantry-uploads", up.ID())
		backup = staged + ".replaced"
		must(t, os.Rename(target, backup))
		return begin(t, place, "clip", up.ID()), staged, backup
	}
	gone := func(paths ...string) {
		t.Helper()
		for _, path := range paths {
			if _, err := os.Lstat(path); !os.IsNotExist(err) {
				t.Errorf("%s is still there: %v", path, err)
			}
		}
	}
	t.Run("committed again", func(t *testing.T) {
		up, staged, backup := halfWay()
		commit(t, up)
		wantClip(t, target)
		gone(staged, backup)
	})
	t.Run("aborted", func(t *testing.T) {
		up, staged, backup := halfWay()
		must(t, up.Abort(t.Context()))
		if got, err := os.ReadFile(target); err != nil || string(got) != "old" {
			t.Errorf("the old file is %q, %v", got, err)
		}
		gone(staged, backup)
	})
	t.Run("ended before the backup was removed", func(t *testing.T) {
		up, staged, backup := halfWay()
		must(t, os.Rename(staged, target))
		_, err := place.Begin(t.Context(), "clip", connectors.UploadOptions{Resume: up.ID()})
		wantKind(t, "take up an upload that is done", err, connectors.KindNotFound)
		wantClip(t, target)
		gone(staged, backup)
	})
}
