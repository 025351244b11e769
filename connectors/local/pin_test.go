package local_test

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"testing"

	"gantry/connectors"
)

// The bytes come from the version that was asked for, or not to their end.
func TestOpenAs(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	name := filepath.Join(dir, "clip")
	must(t, os.WriteFile(name, []byte("0123456789"), 0o600))
	place := open(t, dir)
	pinner, ok := connectors.As[connectors.Pinner](place)
	if !ok {
		t.Fatal("it opens no certain version")
	}
	e, err := place.Stat(t.Context(), "clip")
	must(t, err)
	for _, test := range []struct {
		offset, length int64
		want           string
	}{{0, -1, "0123456789"}, {3, 4, "3456"}, {10, -1, ""}, {4, 0, ""}} {
		r, err := pinner.OpenAs(t.Context(), e, test.offset, test.length)
		must(t, err)
		got, err := io.ReadAll(r)
		if must(t, err); string(got) != test.want {
			t.Errorf("%d+%d: %q", test.offset, test.length, got)
		}
		must(t, r.Close())
	}

	r, err := pinner.OpenAs(t.Context(), e, 0, 10)
	must(t, err)
	half := make([]byte, 5)
	_, err = io.ReadFull(r, half)
	must(t, err)
	f, err := os.OpenFile(name, os.O_WRONLY, 0)
	must(t, err)
	_, err = f.WriteAt([]byte("x"), 0)
	must(t, err)
	must(t, f.Close())
	_, err = io.ReadFull(r, half)
	wantKind(t, "the last bytes after a change", err, connectors.KindChanged)
	must(t, r.Close())
	_, err = pinner.OpenAs(t.Context(), e, 0, 10)
	wantKind(t, "open after a change", err, connectors.KindChanged)
	_, err = pinner.OpenAs(t.Context(), connectors.Entry{Path: "clip"}, 0, 10)
	wantKind(t, "open of no version", err, connectors.KindInvalid)
}

// A file that is kept open is written, read and committed as any other; another one
// under its hidden name is not taken for it; it goes on after a rest.
func TestFilesOfSmallUploadsStayOpen(t *testing.T) {
	t.Parallel()
	data := []byte("data")
	part := connectors.Part{Number: 1, Size: 4}
	for what, meddle := range map[string]func(up connectors.Upload, staged string){
		"nothing": func(connectors.Upload, string) {},
		"rest":    func(up connectors.Upload, _ string) { up.(connectors.Resting).Rest() },
		"replaced": func(_ connectors.Upload, staged string) {
			must(t, os.WriteFile(staged+"x", []byte("evil"), 0o600))
			must(t, os.Rename(staged+"x", staged))
		},
	} {
		dir := t.TempDir()
		place := open(t, dir)
		up, err := place.Begin(t.Context(), "clip", connectors.UploadOptions{Size: 4, AtOnce: true})
		must(t, err)
		_, err = up.WritePart(t.Context(), part, bytes.NewReader(data))
		must(t, err)
		r, err := up.(connectors.Staged).OpenStaged(t.Context(), 1, 3)
		must(t, err)
		got, err := io.ReadAll(r)
		if must(t, err); string(got) != "ata" {
			t.Errorf("%s: read %q", what, got)
		}
		must(t, r.Close())
		names, err := filepath.Glob(filepath.Join(dir, ".gantry*", "*"))
		if must(t, err); len(names) != 1 {
			t.Fatalf("staged: %q", names)
		}
		meddle(up, names[0])
		_, err = up.Commit(t.Context(), connectors.Whole{Parts: []connectors.Part{part}, Size: 4})
		if what == "replaced" {
			wantKind(t, what, err, connectors.KindNotFound)
			continue
		}
		must(t, err)
		if got, err := os.ReadFile(filepath.Join(dir, "clip")); err != nil || !bytes.Equal(got, data) {
			t.Errorf("%s: %q, %v", what, got, err)
		}
	}
}
