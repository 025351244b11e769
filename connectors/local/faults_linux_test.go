package local_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"

	"gantry/connectors"
	"gantry/connectors/local/strangefs"
)

// A file system that says that it has copied nothing is not believed: the copy has
// the bytes of the original, not zeros.
func TestCopyWhereTheKernelCopiesNothing(t *testing.T) {
	v := strangefs.Mount(t, strangefs.Behaviour{CopiesNone: true})
	place := open(t, v.Dir)
	data := bytes.Repeat([]byte("frames"), 100_000)
	must(t, put(t, place, "clip", data))
	copier, _ := connectors.As[connectors.Copier](place)
	_, err := copier.Copy(t.Context(), "clip", "copy")
	must(t, err)
	if got, err := readAll(t.Context(), place, "copy"); err != nil || !bytes.Equal(got, data) {
		t.Errorf("the copy has %d bytes, equal: %v, %v", len(got), bytes.Equal(got, data), err)
	}
}

// A link behind which the disk fails is no link to nothing: the listing fails.
func TestListFailsBehindALink(t *testing.T) {
	v := strangefs.Mount(t, strangefs.Behaviour{})
	hidden := filepath.Join(v.Dir, ".gantry-uploads") // a folder that no listing enters
	must(t, os.Mkdir(hidden, 0o700))
	must(t, os.WriteFile(filepath.Join(hidden, "clip"), nil, 0o600))
	root := filepath.Dir(v.Dir)
	must(t, os.Symlink(filepath.Join(filepath.Base(v.Dir), ".gantry-uploads", "clip"), filepath.Join(root, "-link")))
	place := open(t, root)
	for errno, kind := range map[unix.Errno]connectors.Kind{
		unix.EIO: connectors.KindUnavailable, unix.ESTALE: connectors.KindUnavailable, unix.ETIMEDOUT: connectors.KindTimeout, unix.EMFILE: connectors.KindBusy, unix.EACCES: connectors.KindPermission,
	} {
		v.Fail(t, "lookup", errno, -1)
		var failed error
		ctx := connectors.WithPassedOver(t.Context(), func(name string, reason error) { t.Errorf("%s is passed over: %v", name, reason) })
		for entry, err := range place.List(ctx, "") {
			if failed = err; err == nil {
				t.Errorf("%v: lists %q first", errno, entry.Path)
			}
		}
		wantKind(t, "list with "+errno.Error(), failed, kind)
		v.Fail(t, "lookup", 0, 0)
	}
	if got := list(t, place, ""); len(got) != 1 {
		t.Errorf("list = %q", got)
	}
}

// A commit that failed after the file got its mode can be done again, also where
// that mode lets nobody write; and so can a part.
func TestCommitAgainWithAReadOnlyMode(t *testing.T) {
	v := strangefs.Mount(t, strangefs.Behaviour{})
	place := open(t, v.Dir, "fileMode=0440")
	up, err := place.Begin(t.Context(), "clip", connectors.UploadOptions{Size: 4})
	must(t, err)
	part, err := write(t, up, []byte("data"))
	must(t, err)
	w := connectors.Whole{Parts: []connectors.Part{part}, Size: 4}
	v.Fail(t, "rename", unix.EIO, 1)
	_, err = up.Commit(t.Context(), w)
	wantKind(t, "commit", err, connectors.KindUnavailable)
	v.Fail(t, "open", unix.EACCES, 1) // as for anybody but root
	_, err = write(t, up, []byte("data"))
	must(t, err)
	v.Fail(t, "open", unix.EACCES, 1)
	_, err = up.Commit(t.Context(), w)
	must(t, err)
	info, err := os.Stat(filepath.Join(v.Dir, "clip"))
	if must(t, err); info.Mode().Perm() != 0o440 {
		t.Errorf("the file has the mode %v", info.Mode())
	}
}
