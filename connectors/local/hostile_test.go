package local_test

import (
	"bytes"
	"net"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"testing"

	"gantry/connectors"
)

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// What is no file is passed over and never blocks; no link leads out of the root.
func TestStrangersInTheFolder(t *testing.T) {
	dir, outside := t.TempDir(), t.TempDir()
	in := func(name string) string { return filepath.Join(dir, name) }
	must(t, os.WriteFile(filepath.Join(outside, "secret"), []byte("secret"), 0o600))
	must(t, os.WriteFile(in("clip"), []byte("clip"), 0o600))
	must(t, os.Mkdir(in("folder"), 0o700))
	must(t, os.Mkdir(in("．．"), 0o700))
	must(t, os.WriteFile(in("．．/lookalike"), nil, 0o600))
	must(t, syscall.Mkfifo(in("fifo"), 0o600))
	socket, err := net.Listen("unix", in("socket"))
	must(t, err)
	defer socket.Close()
	must(t, os.Symlink("clip", in("link-in")))
	must(t, os.Symlink("nothing", in("link-to-nothing")))
	must(t, os.Symlink("loop", in("loop")))
	must(t, os.Symlink("..", in("folder/up")))
	must(t, os.Symlink(outside, in("out")))
	must(t, os.Symlink(filepath.Join(outside, "secret"), in("out-file")))
	sparse, err := os.Create(in("sparse"))
	must(t, err)
	must(t, sparse.Truncate(1<<40))
	must(t, sparse.Close())

	place := open(t, dir)
	var listed []string
	for entry, err := range place.List(t.Context(), "") {
		must(t, err)
		listed = append(listed, entry.Path)
	}
	if want := []string{"clip", "link-in", "sparse"}; !slices.Equal(listed, want) {
		t.Errorf("list = %q; want %q", listed, want)
	}
	for path, kind := range map[string]connectors.Kind{
		"fifo": connectors.KindNotFound, "folder": connectors.KindNotFound, "link-to-nothing": connectors.KindNotFound,
		"out-file": connectors.KindInvalid, "out/secret": connectors.KindInvalid, "loop": connectors.KindInvalid,
	} {
		_, err := place.Open(t.Context(), path, 0, -1)
		wantKind(t, "open "+path, err, kind)
		_, err = place.Stat(t.Context(), path)
		wantKind(t, "stat "+path, err, kind)
	}
	wantKind(t, "upload through a link that leads out", put(t, place, "out/new", []byte("x")), connectors.KindInvalid)
	must(t, put(t, place, "out-file", []byte("x"))) // replaces the link
	wantUntouched(t, outside)
}

// A folder is swapped for a link while an upload is under way.
func TestSwappedForALink(t *testing.T) {
	for _, swapped := range []string{"folder", ".gantry-uploads"} {
		t.Run(swapped, func(t *testing.T) {
			dir, outside := t.TempDir(), t.TempDir()
			must(t, os.WriteFile(filepath.Join(outside, "secret"), []byte("secret"), 0o600))
			must(t, os.Mkdir(filepath.Join(dir, "folder"), 0o700))
			place := open(t, dir)
			up, err := place.Begin(t.Context(), "folder/clip", connectors.UploadOptions{Size: 4})
			must(t, err)
			part, err := up.WritePart(t.Context(), connectors.Part{Number: 1, Size: 4}, bytes.NewReader([]byte("data")))
			must(t, err)

			must(t, os.Rename(filepath.Join(dir, swapped), filepath.Join(dir, "away")))
			must(t, os.Symlink(outside, filepath.Join(dir, swapped)))

			_, err = up.Commit(t.Context(), connectors.Whole{Parts: []connectors.Part{part}, Size: 4})
			wantKind(t, "commit", err, connectors.KindInvalid)
			wantUntouched(t, outside)
		})
	}
}

func wantUntouched(t *testing.T, outside string) {
	t.Helper()
	entries, err := os.ReadDir(outside)
	must(t, err)
	secret, err := os.ReadFile(filepath.Join(outside, "secret"))
	must(t, err)
	if len(entries) != 1 || string(secret) != "secret" {
		t.Errorf("what lies outside was touched: %v", entries)
	}
}
