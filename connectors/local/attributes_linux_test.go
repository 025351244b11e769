package local_test

import (
	"context"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"gantry/connectors"
	"gantry/connectors/local"
	"gantry/connectors/local/strangefs"
)

// Extended attributes go with a file if that is wanted: from the tags of one place
// over the metadata of an upload to the tags of another.
func TestXattrs(t *testing.T) {
	want := map[string]string{"Camera": "A", "scene.take": "12/3", "binary": "\x00\xff"}
	onEach(t, func(t *testing.T, dir string) {
		place := open(t, dir, "xattrs=true")
		tagger, ok := connectors.As[connectors.Tagger](place)
		if !ok {
			t.Fatal("the place has no tags")
		}
		metadata := map[string]string{local.XattrsKey: local.EncodeXattrs(want)}
		up, err := place.Begin(t.Context(), "clip", connectors.UploadOptions{Metadata: metadata})
		must(t, err)
		up, err = place.Begin(t.Context(), "clip", connectors.UploadOptions{Resume: up.ID()}) // they stay with the upload
		must(t, err)
		part, err := write(t, up, []byte("x"))
		must(t, err)
		_, err = up.Commit(t.Context(), connectors.Whole{Parts: []connectors.Part{part}, Size: 1})
		must(t, err)
		copier, _ := connectors.As[connectors.Copier](place)
		_, err = copier.Copy(t.Context(), "clip", "copy")
		must(t, err)
		for _, path := range []string{"clip", "copy"} {
			got, err := tagger.Tags(t.Context(), path)
			if must(t, err); !maps.Equal(got, want) {
				t.Errorf("%s has %q; want %q", path, got, want)
			}
		}
		must(t, tagger.SetTags(t.Context(), "clip", map[string]string{"Camera": "B", "new": ""}))
		got, err := tagger.Tags(t.Context(), "clip")
		if must(t, err); !maps.Equal(got, map[string]string{"Camera": "B", "new": ""}) {
			t.Errorf("after they were replaced: %q", got)
		}
		_, err = tagger.Tags(t.Context(), "none")
		wantKind(t, "tags of nothing", err, connectors.KindNotFound)
		_, err = place.Begin(t.Context(), "clip", connectors.UploadOptions{Metadata: map[string]string{local.XattrsKey: "no JSON"}})
		wantKind(t, "begin with attributes that cannot be read", err, connectors.KindInvalid)
	})
}

func TestXattrsAreOptIn(t *testing.T) {
	dir := t.TempDir()
	if _, ok := connectors.As[connectors.Tagger](open(t, dir)); ok {
		t.Error("the place has tags without being asked for them")
	}
	place := open(t, strangefs.Mount(t, strangefs.Behaviour{}).Dir, "xattrs=true")
	must(t, put(t, place, "clip", []byte("x")))
	tagger, _ := connectors.As[connectors.Tagger](place)
	_, err := tagger.Tags(t.Context(), "clip")
	wantKind(t, "tags where the file system has none", err, connectors.KindUnsupported)
}

func TestModes(t *testing.T) {
	defer syscall.Umask(syscall.Umask(0o027))
	dir := t.TempDir()
	must(t, put(t, open(t, dir), "by/umask", []byte("x")))
	must(t, os.Mkdir(filepath.Join(dir, "there"), 0o710))
	exact := open(t, dir, "fileMode=0664", "dirMode=2775")
	must(t, put(t, exact, "by/option/deep", []byte("x")))
	must(t, put(t, exact, "there/file", []byte("x")))
	for name, want := range map[string]os.FileMode{
		"by": os.ModeDir | 0o750, "by/umask": 0o640,
		"by/option": os.ModeDir | os.ModeSetgid | 0o775, "by/option/deep": 0o664,
		"there": os.ModeDir | 0o710, "there/file": 0o664,
	} {
		info, err := os.Stat(filepath.Join(dir, name))
		if must(t, err); info.Mode() != want {
			t.Errorf("%s has mode %v; want %v", name, info.Mode(), want)
		}
	}
	wantKind(t, "upload below a file", put(t, exact, "there/file/x", []byte("x")), connectors.KindInvalid)
}

// Times are kept to the nanosecond, also those that 32 bits cannot say.
func TestTimes(t *testing.T) {
	onEach(t, func(t *testing.T, dir string) {
		place := open(t, dir)
		for _, when := range []time.Time{
			time.Date(1905, 3, 1, 12, 0, 0, 123456789, time.UTC),
			time.Date(1969, 12, 31, 23, 59, 59, 999999999, time.UTC),
			time.Unix(0, 0), time.Unix(0, 1),
			time.Date(2038, 1, 20, 0, 0, 0, 1, time.UTC),
			time.Date(2106, 2, 8, 0, 0, 0, 987654321, time.UTC),
			time.Date(2300, 1, 1, 0, 0, 0, 5, time.UTC), // past what 64 bits of nanoseconds can say
		} {
			up, err := place.Begin(t.Context(), "clip", connectors.UploadOptions{ModTime: when})
			must(t, err)
			entry, err := up.Commit(t.Context(), connectors.Whole{})
			must(t, err)
			if !entry.ModTime.Equal(when) {
				t.Errorf("%v became %v", when, entry.ModTime)
			}
		}
		if got := place.Traits().TimePrecision; got != time.Nanosecond {
			t.Errorf("precision %v", got)
		}
	})
}

// What is no file is passed over with a reason.
func TestPassedOver(t *testing.T) {
	dir := t.TempDir()
	in := func(name string) string { return filepath.Join(dir, name) }
	must(t, os.Mkdir(in("folder"), 0o700))
	must(t, os.WriteFile(in("clip"), nil, 0o600))
	must(t, syscall.Mkfifo(in("fifo"), 0o600))
	must(t, os.Symlink("nothing", in("to-nothing")))
	must(t, os.Symlink("loop", in("loop")))
	must(t, os.Symlink("folder", in("to-folder")))
	must(t, os.Symlink("/etc/passwd", in("out")))
	must(t, os.Symlink("../clip", in("folder/to-clip")))
	must(t, os.Mkdir(in("．．"), 0o700))
	reasons := map[string]string{}
	ctx := connectors.WithPassedOver(t.Context(), func(name string, reason error) { reasons[name] = reason.Error() })
	place := open(t, dir)
	up, err := place.Begin(t.Context(), "unfinished", connectors.UploadOptions{})
	must(t, err)
	defer func() { _ = up.Abort(context.Background()) }()
	var paths []string
	for entry, err := range place.List(ctx, "") {
		must(t, err)
		paths = append(paths, entry.Path)
	}
	if !slices.Equal(paths, []string{"clip", "folder/to-clip"}) {
		t.Errorf("list = %q", paths)
	}
	names := slices.Sorted(maps.Keys(reasons))
	if want := []string{"fifo", "loop", "out", "to-folder", "to-nothing", "．．"}; !slices.Equal(names, want) {
		t.Errorf("passed over: %q; want %q", reasons, want)
	}
	for name, reason := range map[string]string{"fifo": "a FIFO is no file", "loop": "a link in a loop", "out": "a link that leads out", "to-nothing": "a link to nothing"} {
		if reasons[name] != reason {
			t.Errorf("%s: %q; want %q", name, reasons[name], reason)
		}
	}
}

// Uploads that nobody takes up again are found and removed.
func TestSweep(t *testing.T) {
	dir := t.TempDir()
	place := open(t, dir)
	sweeper, ok := connectors.As[connectors.Sweeper](place)
	if !ok {
		t.Fatal("the place finds no uploads")
	}
	began := time.Now().Add(-time.Minute)
	up, err := place.Begin(t.Context(), "clip", connectors.UploadOptions{Size: 1 << 20})
	must(t, err)
	_, err = write(t, up, []byte("data"))
	must(t, err)
	find := func() (found []connectors.Unfinished) {
		for u, err := range sweeper.Unfinished(t.Context(), "") {
			must(t, err)
			found = append(found, u)
		}
		return found
	}
	found := find()
	if len(found) != 1 || found[0].ID != up.ID() || found[0].Size != 4 || found[0].Began.Before(began) {
		t.Fatalf("unfinished: %+v", found)
	}
	for range 2 {
		must(t, sweeper.Discard(t.Context(), found[0]))
	}
	if found := find(); len(found) > 0 {
		t.Errorf("still there: %+v", found)
	}
	for _, err := range sweeper.Unfinished(t.Context(), "folder") {
		wantKind(t, "those below a folder", err, connectors.KindUnsupported)
	}
	for _, id := range []string{"", ".", "..", "../clip", "a/b"} {
		wantKind(t, "discard "+id, sweeper.Discard(t.Context(), connectors.Unfinished{ID: id}), connectors.KindInvalid)
	}
}

func TestFilePath(t *testing.T) {
	dir := t.TempDir()
	place, ok := connectors.As[connectors.OnDisk](open(t, dir))
	if !ok {
		t.Fatal("a folder is on this machine's disk")
	}
	if got, err := place.FilePath("day/clip"); err != nil || got != filepath.Join(dir, "day", "clip") {
		t.Errorf("%q, %v", got, err)
	}
	for _, path := range []string{"../x", "", "/etc/passwd", ".gantry-uploads/x"} {
		_, err := place.FilePath(path)
		wantKind(t, "path of "+path, err, connectors.KindInvalid)
	}
}

// Without durable nothing waits for the disk.
func TestScratch(t *testing.T) {
	v := strangefs.Mount(t, strangefs.Behaviour{})
	v.Fail(t, "fsync", unix.EIO, -1)
	v.Fail(t, "fsyncdir", unix.EIO, -1)
	must(t, put(t, open(t, v.Dir, "durable=false"), "day/clip", []byte("x")))
	wantKind(t, "with durable", put(t, open(t, v.Dir), "day/clip", []byte("x")), connectors.KindUnavailable)
}

// Each option that makes no sense is refused, with the words that it may have.
func TestOptions(t *testing.T) {
	dir := t.TempDir()
	for option, value := range map[string]string{
		"sparse": "perhaps", "xattrs": "2", "durable": "", "fileMode": "rw-r--r--", "dirMode": "0", "marker": "../x",
	} {
		l := connectors.Location{URL: "file://" + dir, Options: map[string]string{option: value}}
		_, err := local.Connector().Open(t.Context(), l)
		wantKind(t, option+"="+value, err, connectors.KindInvalid)
		var e *connectors.Error
		if !errors.As(err, &e) || e.Remedy == "" {
			t.Errorf("%s=%s: %v has no remedy", option, value, err)
		}
	}
}

// The inodes of a real file system run out.
func TestOutOfInodesOnExt4(t *testing.T) {
	dir := t.TempDir()
	mount(t, dir, "ext4", "-N", "64")
	place := open(t, dir)
	for i := 0; ; i++ {
		err := os.WriteFile(filepath.Join(dir, strconv.Itoa(i)), nil, 0o600)
		if errors.Is(err, syscall.ENOSPC) {
			break
		}
		must(t, err)
	}
	_, err := place.Begin(t.Context(), "clip", connectors.UploadOptions{Size: 1})
	wantKind(t, "begin", err, connectors.KindNoSpace)
	if !strings.Contains(err.Error(), "inodes") {
		t.Errorf("%v; want it to say what has run out", err)
	}
}
