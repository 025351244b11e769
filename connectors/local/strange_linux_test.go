package local_test

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"gantry/connectors"
	"gantry/connectors/connectortest"
	"gantry/connectors/local/strangefs"
)

// The promises hold on a share, and on a volume that folds names and keeps times
// coarsely as memory cards do.
func TestConformanceOnFUSE(t *testing.T) {
	for name, behaviour := range map[string]strangefs.Behaviour{"plain": {}, "folding": folding} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			v := strangefs.Mount(t, behaviour)
			connectortest.Run(t, func(t *testing.T) connectortest.Site {
				s := site(t, v.Dir, true)
				if name == "folding" {
					s.Dir = "" // the suite cannot put all its names there itself
				}
				return s
			})
		})
	}
}

var folding = strangefs.Behaviour{FoldCase: true, FoldUnicode: true, Step: 2 * time.Second, Forbidden: `<>:|?*\`}

func list(t *testing.T, place connectors.Place, prefix string) []string {
	t.Helper()
	paths := []string{}
	for entry, err := range place.List(t.Context(), prefix) {
		must(t, err)
		paths = append(paths, entry.Path)
	}
	return paths
}

// Of two names that the volume takes for one, the second is held back.
func TestTwinsAreHeldBack(t *testing.T) {
	v := strangefs.Mount(t, folding)
	place := open(t, v.Dir)
	must(t, put(t, place, "Day1/Clip.mxf", []byte("first")))
	must(t, put(t, place, "caf\u00e9.wav", []byte("first")))
	must(t, put(t, place, "1234", []byte("first")))
	for twin, of := range map[string]string{
		"Day1/clip.mxf":     "Day1/Clip.mxf",
		"Day1/CLIP.MXF":     "Day1/Clip.mxf",
		"day1/Clip.mxf":     `"Day1"`,
		"day1/new.mxf":      `"Day1"`,
		"cafe\u0301.wav":    "caf\u00e9.wav",
		"CAFE\u0301.WAV":    "caf\u00e9.wav",
		".Gantry-Uploads/x": ".gantry-uploads",
	} {
		err := put(t, place, twin, []byte("second"))
		wantKind(t, "upload "+twin, err, connectors.KindExists)
		if err != nil && !strings.Contains(err.Error(), of) {
			t.Errorf("upload %q: %v; want it to name %s", twin, err, of)
		}
	}
	for _, path := range []string{"Day1/Clip.mxf", "caf\u00e9.wav", "1234"} {
		got, err := os.ReadFile(filepath.Join(v.Dir, path))
		if must(t, err); string(got) != "first" {
			t.Errorf("%s holds %q", path, got)
		}
		must(t, put(t, place, path, []byte("newer"))) // under its own name it is replaced
	}
	want := []string{"1234", "Day1/Clip.mxf", "caf\u00e9.wav"}
	if got := list(t, place, ""); !slices.Equal(got, want) {
		t.Errorf("list = %q; want %q", got, want)
	}
	if entries, err := os.ReadDir(filepath.Join(v.Dir, ".gantry-uploads")); err == nil && len(entries) > 0 {
		t.Errorf("refused uploads left %v", entries)
	}
}

// A twin that comes between Begin and Commit is found, too.
func TestTwinComesWhileSending(t *testing.T) {
	v := strangefs.Mount(t, folding)
	place := open(t, v.Dir)
	up, err := place.Begin(t.Context(), "Clip", connectors.UploadOptions{Size: 4})
	must(t, err)
	part, err := write(t, up, []byte("mine"))
	must(t, err)
	must(t, os.WriteFile(filepath.Join(v.Dir, "clip"), []byte("theirs"), 0o600))
	_, err = up.Commit(t.Context(), connectors.Whole{Parts: []connectors.Part{part}, Size: 4})
	wantKind(t, "commit", err, connectors.KindExists)
	must(t, up.Abort(t.Context()))
	if got, err := os.ReadFile(filepath.Join(v.Dir, "clip")); err != nil || string(got) != "theirs" {
		t.Errorf("the other file holds %q, %v", got, err)
	}
}

// A file gets another case of its own name, or it is said that it does not: FUSE
// takes both names for one and does nothing.
func TestRenameToAnotherCase(t *testing.T) {
	v := strangefs.Mount(t, folding)
	place := open(t, v.Dir)
	must(t, put(t, place, "clip", []byte("x")))
	must(t, put(t, place, "other", []byte("y")))
	renamer, _ := connectors.As[connectors.Renamer](place)
	wantKind(t, "rename to another case", renamer.Rename(t.Context(), "clip", "Clip"), connectors.KindUnsupported)
	wantKind(t, "rename onto a twin", renamer.Rename(t.Context(), "other", "CLIP"), connectors.KindExists)
	must(t, renamer.Rename(t.Context(), "clip", "step"))
	must(t, renamer.Rename(t.Context(), "step", "Clip"))
	if got := list(t, place, ""); !slices.Equal(got, []string{"Clip", "other"}) {
		t.Errorf("list = %q", got)
	}
}

// What a volume does to names and times is found out, and nothing is left behind.
func TestFoundOutByProbing(t *testing.T) {
	for name, test := range map[string]struct {
		behaviour strangefs.Behaviour
		seen      string // a file that is there before
		atOnce    bool   // is it known when the place is opened
		want      connectors.Traits
	}{
		"plain":                     {strangefs.Behaviour{}, "", false, connectors.Traits{TimePrecision: 1}},
		"folds case, empty":         {strangefs.Behaviour{FoldCase: true}, "", true, connectors.Traits{FoldsCase: true, TimePrecision: 1}},
		"folds case, a file":        {strangefs.Behaviour{FoldCase: true}, "clip", true, connectors.Traits{FoldsCase: true, TimePrecision: 1}},
		"folds forms, empty":        {strangefs.Behaviour{FoldUnicode: true}, "", true, connectors.Traits{FoldsUnicode: true, TimePrecision: 1}},
		"folds both, a file":        {strangefs.Behaviour{FoldCase: true, FoldUnicode: true}, "caf\u00e9", true, connectors.Traits{FoldsCase: true, FoldsUnicode: true, TimePrecision: 1}},
		"folds forms, a file":       {strangefs.Behaviour{FoldUnicode: true}, "clip", false, connectors.Traits{FoldsUnicode: true, TimePrecision: 1}},
		"times as on FAT":           {strangefs.Behaviour{Step: 2 * time.Second}, "", false, connectors.Traits{TimePrecision: 2 * time.Second}},
		"times as of a FTP listing": {strangefs.Behaviour{Step: time.Second}, "", false, connectors.Traits{TimePrecision: time.Second}},
		"times as on NTFS":          {strangefs.Behaviour{Step: 100}, "", false, connectors.Traits{TimePrecision: 100}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			v := strangefs.Mount(t, test.behaviour)
			if test.seen != "" {
				must(t, os.WriteFile(filepath.Join(v.Dir, test.seen), nil, 0o600))
			}
			place := open(t, v.Dir)
			if got := place.Traits(); test.atOnce && (got.FoldsCase != test.want.FoldsCase || got.FoldsUnicode != test.want.FoldsUnicode) {
				t.Errorf("at Open: %+v", got)
			}
			up, err := place.Begin(t.Context(), "first", connectors.UploadOptions{})
			must(t, err)
			must(t, up.Abort(t.Context()))
			got := place.Traits()
			if test.want.AtomicCommit = true; !reflect.DeepEqual(got, test.want) {
				t.Errorf("traits = %+v; want %+v", got, test.want)
			}
			must(t, place.Close())
			entries, err := os.ReadDir(v.Dir)
			if must(t, err); len(entries) > 1 || len(entries) == 1 && entries[0].Name() != test.seen {
				t.Errorf("left behind: %v", entries)
			}
		})
	}
}

// A network share is recognised, and what that means is said.
func TestShareIsDescribed(t *testing.T) {
	v := strangefs.Mount(t, folding)
	place := open(t, v.Dir)
	must(t, put(t, place, "clip", []byte("x")))
	describer, ok := connectors.As[connectors.Describer](place)
	if !ok {
		t.Fatal("the place does not describe itself")
	}
	d, err := describer.Describe(t.Context())
	must(t, err)
	var quirks []string
	for _, q := range d.Quirks {
		quirks = append(quirks, q.Name)
	}
	want := []string{"no-events", "weak-fsync", "no-holes", "folds-case", "folds-unicode", "coarse-times"}
	if d.Software != "FUSE" || !slices.Equal(quirks, want) {
		t.Errorf("%q, %q; want %q", d.Software, quirks, want)
	}
}

// Each error of the system has its kind.
func TestErrorsOfTheSystem(t *testing.T) {
	v := strangefs.Mount(t, strangefs.Behaviour{Files: 40})
	place := open(t, v.Dir)
	must(t, put(t, place, "clip", []byte("content")))
	for errno, kind := range map[unix.Errno]connectors.Kind{
		unix.EIO: connectors.KindUnavailable, unix.ESTALE: connectors.KindUnavailable, unix.ENOTCONN: connectors.KindUnavailable,
		unix.EHOSTDOWN: connectors.KindUnavailable, unix.ETIMEDOUT: connectors.KindTimeout, unix.ENOSPC: connectors.KindNoSpace,
		unix.EDQUOT: connectors.KindNoSpace, unix.EROFS: connectors.KindPermission, unix.EACCES: connectors.KindPermission,
		unix.EPERM: connectors.KindPermission, unix.ETXTBSY: connectors.KindBusy, unix.EMFILE: connectors.KindBusy, unix.ENFILE: connectors.KindBusy,
		unix.ENAMETOOLONG: connectors.KindInvalid, unix.EILSEQ: connectors.KindInvalid, unix.EFBIG: connectors.KindInvalid,
		unix.EUCLEAN: connectors.KindUnavailable, unix.ENOMEM: connectors.KindBusy,
	} {
		v.Fail(t, "create", errno, -1)
		_, err := place.Begin(t.Context(), "new", connectors.UploadOptions{})
		wantKind(t, "begin with "+errno.Error(), err, kind)
		v.Fail(t, "create", 0, 0)

		up, err := place.Begin(t.Context(), "new", connectors.UploadOptions{})
		must(t, err)
		v.Fail(t, "write", errno, -1)
		_, err = write(t, up, []byte("data"))
		wantKind(t, "write with "+errno.Error(), err, kind)
		v.Fail(t, "write", 0, 0)
		part, err := write(t, up, []byte("data"))
		must(t, err)
		v.Fail(t, "rename", errno, -1)
		_, err = up.Commit(t.Context(), connectors.Whole{Parts: []connectors.Part{part}, Size: 4})
		wantKind(t, "commit with "+errno.Error(), err, kind)
		v.Fail(t, "rename", 0, 0)
		must(t, up.Abort(t.Context()))

		v.Fail(t, "read", errno, -1)
		_, err = readAll(t.Context(), place, "clip")
		wantKind(t, "read with "+errno.Error(), err, kind)
		v.Fail(t, "read", 0, 0)
		if got, err := readAll(t.Context(), place, "clip"); err != nil || string(got) != "content" {
			t.Fatalf("after %v: %q, %v", errno, got, err)
		}
	}
	// A folder that cannot be read is no empty folder.
	v.Fail(t, "readdir", unix.EIO, -1)
	for _, err := range place.List(t.Context(), "") {
		wantKind(t, "list", err, connectors.KindUnavailable)
	}
}

func readAll(ctx context.Context, place connectors.Place, path string) ([]byte, error) {
	r, err := place.Open(ctx, path, 0, -1)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	var b bytes.Buffer
	_, err = b.ReadFrom(r)
	return b.Bytes(), err
}

// A sync that failed is never tried again: the part has to be sent again, and at
// the commit the upload is given up.
func TestFailedSync(t *testing.T) {
	v := strangefs.Mount(t, strangefs.Behaviour{})
	place := open(t, v.Dir)
	// Of a file that is known to be one small part, only the commit is a sync.
	up, err := place.Begin(t.Context(), "clip", connectors.UploadOptions{Size: -1})
	must(t, err)
	v.Fail(t, "fsync", unix.EIO, 1)
	_, err = write(t, up, []byte("data"))
	wantKind(t, "write part", err, connectors.KindUnavailable)
	part, err := write(t, up, []byte("data"))
	must(t, err)
	v.Fail(t, "fsync", unix.EIO, 1)
	w := connectors.Whole{Parts: []connectors.Part{part}, Size: 4}
	_, err = up.Commit(t.Context(), w)
	wantKind(t, "commit", err, connectors.KindUnavailable)
	_, err = up.Commit(t.Context(), w)
	wantKind(t, "commit again", err, connectors.KindNotFound)
	if got := list(t, place, ""); len(got) > 0 {
		t.Errorf("list = %q", got)
	}
}

// A volume that has room and no inodes says so.
func TestOutOfInodes(t *testing.T) {
	v := strangefs.Mount(t, strangefs.Behaviour{Files: 4})
	place := open(t, v.Dir)
	must(t, os.WriteFile(filepath.Join(v.Dir, "a"), nil, 0o600))
	must(t, os.WriteFile(filepath.Join(v.Dir, "b"), nil, 0o600))
	must(t, os.WriteFile(filepath.Join(v.Dir, "c"), nil, 0o600))
	_, err := place.Begin(t.Context(), "clip", connectors.UploadOptions{Size: 1})
	wantKind(t, "begin", err, connectors.KindNoSpace)
	if !strings.Contains(err.Error(), "inodes") {
		t.Errorf("%v; want it to say what has run out", err)
	}
}
