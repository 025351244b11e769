package sftp_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"gantry/connectors"
)

// What is no file is passed over and never blocks; no link leads a listing out of
// the root.
func TestStrangersInTheFolder(t *testing.T) {
	t.Parallel()
	s := start(t)
	dir, outside := t.TempDir(), t.TempDir()
	in := func(name string) string { return filepath.Join(dir, name) }
	must(t, os.WriteFile(filepath.Join(outside, "secret"), []byte("secret"), 0o600))
	must(t, os.WriteFile(in("clip"), []byte("clip"), 0o600))
	must(t, os.Mkdir(in("folder"), 0o700))
	must(t, os.Mkdir(in("．．"), 0o700))
	must(t, os.WriteFile(in("．．/lookalike"), nil, 0o600))
	must(t, syscall.Mkfifo(in("fifo"), 0o600))
	must(t, os.Symlink("clip", in("link-in")))
	must(t, os.Symlink("nothing", in("link-to-nothing")))
	must(t, os.Symlink("loop", in("loop")))
	must(t, os.Symlink("..", in("folder/up")))
	must(t, os.Symlink(outside, in("out")))
	must(t, os.Symlink(filepath.Join(outside, "secret"), in("out-file")))

	place := open(t, location(s, dir))
	var listed, passed []string
	ctx := connectors.WithPassedOver(t.Context(), func(name string, reason error) { passed = append(passed, name+": "+reason.Error()) })
	for entry, err := range place.List(ctx, "") {
		must(t, err)
		listed = append(listed, entry.Path)
	}
	if want := []string{"clip", "link-in"}; !slices.Equal(listed, want) {
		t.Errorf("list = %q; want %q", listed, want)
	}
	for _, name := range []string{"fifo: it is no file", "folder/up: it is a link that leads out", "out: it is a link that leads out", "out-file: ", "loop: it is a link to nothing", "．．: "} {
		if !slices.ContainsFunc(passed, func(p string) bool { return strings.HasPrefix(p, name) }) {
			t.Errorf("%q is not among what was passed over: %q", name, passed)
		}
	}
	for _, path := range []string{"fifo", "folder", "link-to-nothing"} {
		_, err := place.Open(t.Context(), path, 0, -1)
		wantKind(t, "open "+path, err, connectors.KindNotFound)
	}
}
