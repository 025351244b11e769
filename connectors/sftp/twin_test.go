package sftp_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
	"time"

	"gantry/connectors"
)

// Somebody else's file of the same size, second and mode as ours is not ours.
func TestAFileThatLooksLikeOursIsNotTakenForIt(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	place := open(t, location(start(t), dir))
	up, err := place.Begin(t.Context(), "take.mxf", connectors.UploadOptions{Size: -1})
	must(t, err)
	data := bytes.Repeat([]byte("take"), 1000)
	_, err = up.WritePart(t.Context(), connectors.Part{Number: 1, Size: int64(len(data))}, bytes.NewReader(data))
	must(t, err)
	revealer, _ := connectors.As[connectors.Revealer](up)
	shown := filepath.Join(dir, "so-far.mxf")
	for range 2 { // the answer to the first was lost, perhaps
		_, err = revealer.Reveal(t.Context(), "so-far.mxf")
		must(t, err)
	}
	info, err := os.Stat(shown)
	must(t, err)
	second := info.ModTime().Truncate(time.Second)
	must(t, os.Chtimes(shown, second, second))
	must(t, os.Remove(shown))
	likeOurs := func(name string) {
		t.Helper()
		must(t, os.WriteFile(filepath.Join(dir, name), data, info.Mode()))
		must(t, os.Chmod(filepath.Join(dir, name), info.Mode()))
		must(t, os.Chtimes(filepath.Join(dir, name), second, second))
	}
	likeOurs("so-far.mxf")
	_, err = revealer.Reveal(t.Context(), "so-far.mxf")
	wantKind(t, "reveal", err, connectors.KindExists)

	likeOurs("take.mxf")
	must(t, os.Link(filepath.Join(dir, "take.mxf"), filepath.Join(dir, "second.mxf")))
	must(t, os.Symlink("take.mxf", filepath.Join(dir, "link.mxf")))
	twinner, _ := connectors.As[connectors.Twinner](place)
	for name, want := range map[string]bool{"second.mxf": true, "so-far.mxf": false, "link.mxf": false} {
		if same, err := twinner.SameFile(t.Context(), "take.mxf", name); same != want || err != nil {
			t.Errorf("%s: %v, %v", name, same, err)
		}
	}
	_, err = twinner.SameFile(t.Context(), "take.mxf", "gone.mxf")
	wantKind(t, "compare with nothing", err, connectors.KindNotFound)
	for _, name := range []string{"take.mxf", "so-far.mxf"} {
		if now, err := os.Stat(filepath.Join(dir, name)); err != nil || now.Mode() != info.Mode() || !now.ModTime().Equal(second) {
			t.Errorf("%s is changed: %v (%v)", name, now, err)
		}
	}
}
