package local_test

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"golang.org/x/sys/unix"

	"gantry/connectors"
)

// listing returns what is listed and how the listing ends.
func listing(t *testing.T, place connectors.Place, prefix string) (paths []string, end error) {
	t.Helper()
	for entry, err := range place.List(t.Context(), prefix) {
		if err != nil {
			return paths, err
		}
		paths = append(paths, entry.Path)
	}
	return paths, nil
}

// The volume of the root is unmounted while the place is open: every call says so,
// none takes the empty mount point for the place.
func TestRootIsUnmounted(t *testing.T) {
	dir, image := t.TempDir(), filepath.Join(t.TempDir(), "image")
	mount(t, dir, "ext4")
	place := open(t, dir)
	must(t, put(t, place, "clip", []byte("x")))
	up, err := place.Begin(t.Context(), "other", connectors.UploadOptions{Size: 4})
	must(t, err)

	must(t, os.WriteFile(image, nil, 0o600))
	bound := t.TempDir()
	must(t, unix.Mount(dir, bound, "", unix.MS_BIND, "")) // keeps the volume, to be mounted again
	unmountLater(t, bound)
	must(t, unix.Unmount(dir, 0))

	paths, err := listing(t, place, "")
	wantKind(t, "list", err, connectors.KindUnavailable)
	if len(paths) > 0 {
		t.Errorf("listed %q", paths)
	}
	_, err = place.Stat(t.Context(), "clip")
	wantKind(t, "stat", err, connectors.KindUnavailable)
	wantKind(t, "remove", place.Remove(t.Context(), "clip"), connectors.KindUnavailable)
	_, err = place.Begin(t.Context(), "new", connectors.UploadOptions{Size: 4})
	wantKind(t, "begin", err, connectors.KindUnavailable)
	_, err = write(t, up, []byte("data"))
	wantKind(t, "write part", err, connectors.KindUnavailable)
	if entries, err := os.ReadDir(dir); err != nil || len(entries) > 0 {
		t.Errorf("the mount point holds %v, %v", entries, err)
	}

	must(t, unix.Mount(bound, dir, "", unix.MS_BIND, "")) // the volume is back
	unmountLater(t, dir)
	if paths, err := listing(t, place, ""); err != nil || !slices.Equal(paths, []string{"clip"}) {
		t.Errorf("list when it is back: %q, %v", paths, err)
	}
	part, err := write(t, up, []byte("data"))
	must(t, err)
	_, err = up.Commit(t.Context(), connectors.Whole{Parts: []connectors.Part{part}, Size: 4})
	must(t, err)
}

// Another volume in the place of the root is not taken for it, unless the location
// is opened anew.
func TestRootIsExchanged(t *testing.T) {
	dir := t.TempDir()
	mount(t, dir, "tmpfs")
	place := open(t, dir)
	must(t, put(t, place, "clip", []byte("x")))
	must(t, unix.Unmount(dir, 0))
	mount(t, dir, "tmpfs")
	_, err := listing(t, place, "")
	wantKind(t, "list another volume", err, connectors.KindUnavailable)
	if paths, err := listing(t, open(t, dir), ""); err != nil || len(paths) > 0 {
		t.Errorf("opened anew: %q, %v", paths, err)
	}
}

// A volume may be mounted over the empty mount point while the place is open.
func TestRootIsMounted(t *testing.T) {
	dir := t.TempDir()
	place := open(t, dir)
	if paths, err := listing(t, place, ""); err != nil || len(paths) > 0 {
		t.Fatalf("before: %q, %v", paths, err)
	}
	mount(t, dir, "tmpfs")
	must(t, os.WriteFile(filepath.Join(dir, "clip"), nil, 0o600))
	if paths, err := listing(t, place, ""); err != nil || !slices.Equal(paths, []string{"clip"}) {
		t.Errorf("after: %q, %v", paths, err)
	}
}

// With a marker any volume that has it will do, and none that has it not.
func TestMarker(t *testing.T) {
	dir := t.TempDir()
	place := openUnmarked(t, dir)
	for range 2 {
		mount(t, dir, "tmpfs")
		_, err := listing(t, place, "")
		wantKind(t, "list without the marker", err, connectors.KindUnavailable)
		must(t, os.WriteFile(filepath.Join(dir, "marker"), nil, 0o600))
		must(t, put(t, place, "clip", []byte("x")))
		if paths, err := listing(t, place, ""); err != nil || !slices.Equal(paths, []string{"clip", "marker"}) {
			t.Errorf("list = %q, %v", paths, err)
		}
		must(t, unix.Unmount(dir, 0))
		wantKind(t, "upload without the volume", put(t, place, "clip", []byte("x")), connectors.KindUnavailable)
	}
}

// openUnmarked opens a folder with a marker that is taken away again.
func openUnmarked(t *testing.T, dir string) connectors.Place {
	t.Helper()
	marker := filepath.Join(dir, "marker")
	must(t, os.WriteFile(marker, nil, 0o600))
	place := open(t, dir, "marker=marker")
	must(t, os.Remove(marker))
	return place
}

// A volume below the root goes, and comes: the listing is not complete, and files
// are not lost.
func TestVolumeBelowTheRoot(t *testing.T) {
	dir := t.TempDir()
	card := filepath.Join(dir, "cards", "A")
	must(t, os.MkdirAll(card, 0o700))
	must(t, os.WriteFile(filepath.Join(dir, "note"), nil, 0o600))
	mount(t, card, "tmpfs")
	must(t, os.WriteFile(filepath.Join(card, "clip"), nil, 0o600))
	place := open(t, dir)
	if paths, err := listing(t, place, ""); err != nil || !slices.Equal(paths, []string{"cards/A/clip", "note"}) {
		t.Fatalf("list = %q, %v", paths, err)
	}
	wantKind(t, "upload onto another volume", put(t, place, "cards/A/new", []byte("x")), connectors.KindUnsupported)

	must(t, unix.Unmount(card, 0))
	for _, prefix := range []string{"", "cards", "cards/A", "cards/A/clip"} {
		paths, err := listing(t, place, prefix)
		wantKind(t, "list "+prefix, err, connectors.KindIncomplete)
		if len(paths) > 0 {
			t.Errorf("list %q = %q", prefix, paths)
		}
	}
	_, err := place.Stat(t.Context(), "cards/A/clip")
	wantKind(t, "stat a file of the volume", err, connectors.KindUnavailable)
	wantKind(t, "upload to the mount point", put(t, place, "cards/A/new", []byte("x")), connectors.KindUnavailable)
	if paths, err := listing(t, place, "note"); err != nil || len(paths) != 1 {
		t.Errorf("what the volume does not concern: %q, %v", paths, err)
	}
	if paths, err := listing(t, open(t, dir), ""); err != nil || !slices.Equal(paths, []string{"note"}) {
		t.Errorf("opened anew: %q, %v", paths, err)
	}

	// Another one appears: one listing is incomplete, the next has it.
	other := filepath.Join(dir, "cards")
	anew := open(t, dir)
	mount(t, other, "tmpfs")
	_, err = listing(t, anew, "")
	wantKind(t, "list when a volume has come", err, connectors.KindIncomplete)
	if paths, err := listing(t, anew, ""); err != nil || !slices.Equal(paths, []string{"note"}) {
		t.Errorf("list again: %q, %v", paths, err)
	}
}

// A root whose volume has gone together with the mount point is not made anew.
func TestRootInsideAVolume(t *testing.T) {
	point := t.TempDir()
	mount(t, point, "tmpfs")
	dir := filepath.Join(point, "DCIM", "100")
	place := open(t, dir)
	must(t, put(t, place, "clip", []byte("x")))
	must(t, unix.Unmount(point, 0))
	_, err := place.Stat(t.Context(), "clip")
	wantKind(t, "stat", err, connectors.KindUnavailable)
	_, err = listing(t, place, "")
	wantKind(t, "list", err, connectors.KindUnavailable)
	wantKind(t, "upload", put(t, place, "clip", []byte("x")), connectors.KindUnavailable)
	if entries, err := os.ReadDir(point); err != nil || len(entries) > 0 {
		t.Errorf("the mount point holds %v, %v", entries, err)
	}
}
