package local_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"gantry/connectors"
	"gantry/connectors/connectortest"
	"gantry/connectors/local"
)

// The whole suite runs on volumes, see TestConformanceOnVolumes.
func TestConformance(t *testing.T) {
	connectortest.Run(t, func(t *testing.T) connectortest.Site {
		dir := t.TempDir()
		l := location(dir, "xattrs=true", "sparse=true", "fileMode=0640", "dirMode=0750")
		return connectortest.Site{Dir: dir, Slow: true, Open: func() (connectors.Place, error) { return local.Connector().Open(t.Context(), l) }}
	})
}

// location is a folder with options like "sparse=true".
func location(dir string, options ...string) connectors.Location {
	l := connectors.Location{URL: "file://" + dir, Options: map[string]string{}}
	for _, option := range options {
		name, value, _ := strings.Cut(option, "=")
		l.Options[name] = value
	}
	return l
}

// open opens a folder.
func open(t *testing.T, dir string, options ...string) connectors.Place {
	t.Helper()
	place, err := local.Connector().Open(t.Context(), location(dir, options...))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = place.Close() })
	return place
}

// put uploads data as one part.
func put(t *testing.T, place connectors.Place, path string, data []byte) error {
	t.Helper()
	up, err := place.Begin(t.Context(), path, connectors.UploadOptions{Size: int64(len(data))})
	if err != nil {
		return err
	}
	part, err := up.WritePart(t.Context(), connectors.Part{Number: 1, Size: int64(len(data))}, bytes.NewReader(data))
	if err != nil {
		return err
	}
	_, err = up.Commit(t.Context(), connectors.Whole{Parts: []connectors.Part{part}, Size: int64(len(data))})
	return err
}

func wantKind(t *testing.T, what string, err error, kind connectors.Kind) {
	t.Helper()
	if connectors.KindOf(err) != kind {
		t.Fatalf("%s: %v; want kind %q", what, err, kind)
	}
}

func TestOpen(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		url, create string
		kind        connectors.Kind
	}{
		"a folder":                        {"file://" + dir, "true", ""},
		"a folder of localhost":           {"file://localhost" + dir, "true", ""},
		"a folder to be made":             {"file://" + dir + "/new", "true", ""},
		"a missing folder":                {"file://" + dir + "/new", "false", connectors.KindNotFound},
		"a file":                          {"file://" + file, "true", connectors.KindInvalid},
		"a folder of another machine":     {"file://server" + dir, "true", connectors.KindInvalid},
		"a relative path":                 {"file:media", "true", connectors.KindInvalid},
		"a query, or an unescaped ?":      {"file:///what?", "true", connectors.KindInvalid},
		"a fragment, or an unescaped #":   {"file:///take#1", "true", connectors.KindInvalid},
		"an option that is no true/false": {"file://" + dir, "perhaps", connectors.KindInvalid},
	} {
		t.Run(name, func(t *testing.T) {
			place, err := local.Connector().Open(t.Context(), connectors.Location{URL: test.url, Options: map[string]string{"create": test.create}})
			wantKind(t, "open", err, test.kind)
			if err == nil {
				_ = place.Close()
			}
		})
	}
}

func TestMissingRoot(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a", "b")
	place := open(t, dir)
	for _, err := range place.List(t.Context(), "") {
		wantKind(t, "list a root that is not there", err, connectors.KindNotFound)
	}
	if err := put(t, place, "clip", []byte("x")); err != nil {
		t.Fatalf("the first upload does not make the root: %v", err)
	}
	careful := open(t, dir, "create=false")
	if err := os.RemoveAll(dir); err != nil { // as if its volume were unmounted
		t.Fatal(err)
	}
	wantKind(t, "upload to a root that has gone", put(t, careful, "clip", []byte("x")), connectors.KindNotFound)
	for _, err := range careful.List(t.Context(), "below") {
		wantKind(t, "list below a root that has gone", err, connectors.KindNotFound)
	}
}

// Nothing is left on the disk but what was committed.
func TestLeavesNothingBehind(t *testing.T) {
	dir := t.TempDir()
	place := open(t, dir)
	if err := put(t, place, "clip", []byte("x")); err != nil {
		t.Fatal(err)
	}
	up, err := place.Begin(t.Context(), "other", connectors.UploadOptions{Size: 100})
	if err != nil {
		t.Fatal(err)
	}
	if err := up.Abort(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := place.Close(); err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 1 || entries[0].Name() != "clip" {
		t.Errorf("the folder holds %v, %v", entries, err)
	}
}

func TestClosed(t *testing.T) {
	place := open(t, t.TempDir())
	if err := put(t, place, "clip", []byte("x")); err != nil {
		t.Fatal(err)
	}
	r, err := place.Open(t.Context(), "clip", 0, -1)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	for range 2 {
		if err := place.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := r.Read(make([]byte, 1)); err == nil {
		t.Error("an open stream goes on")
	}
	if _, err := place.Stat(t.Context(), "clip"); err == nil {
		t.Error("a call succeeds")
	}
}

func TestFileInTheWayOfAFolder(t *testing.T) {
	place := open(t, t.TempDir())
	if err := put(t, place, "a", []byte("x")); err != nil {
		t.Fatal(err)
	}
	wantKind(t, "upload below a file", put(t, place, "a/b", []byte("y")), connectors.KindInvalid)
	wantKind(t, "upload far below a file", put(t, place, "a/b/c", []byte("y")), connectors.KindInvalid)
	if err := put(t, place, "folder/file", []byte("x")); err != nil {
		t.Fatal(err)
	}
	wantKind(t, "upload onto a folder", put(t, place, "folder", []byte("y")), connectors.KindExists)
	wantKind(t, "upload into the staging folder", put(t, place, ".gantry-uploads/x", []byte("y")), connectors.KindInvalid)
}

// A part that was replaced by a shorter one leaves no tail.
func TestShorterThanWritten(t *testing.T) {
	dir := t.TempDir()
	place := open(t, dir)
	up, err := place.Begin(t.Context(), "clip", connectors.UploadOptions{Size: 1000, ModTime: time.Unix(1e9, 0)})
	if err != nil {
		t.Fatal(err)
	}
	var part connectors.Part
	for _, data := range []string{"0123456789", "abc"} {
		if part, err = up.WritePart(t.Context(), connectors.Part{Number: 1, Size: int64(len(data))}, strings.NewReader(data)); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := up.Commit(t.Context(), connectors.Whole{Parts: []connectors.Part{part}, Size: 3}); err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(filepath.Join(dir, "clip")); err != nil || string(got) != "abc" {
		t.Errorf("the file holds %q, %v", got, err)
	}
}
