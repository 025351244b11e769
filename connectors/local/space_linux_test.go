package local_test

import (
	"bytes"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"gantry/connectors"
)

// The room is taken at Begin, and the length still tells what was written.
func TestAllocatesInAdvance(t *testing.T) {
	dir := t.TempDir()
	place := open(t, dir)
	up, err := place.Begin(t.Context(), "clip", connectors.UploadOptions{Size: 8 << 20})
	must(t, err)
	var s syscall.Stat_t
	must(t, syscall.Stat(filepath.Join(dir, ".gantry-uploads", up.ID()), &s))
	if s.Size != 0 {
		t.Errorf("an upload without parts is %d bytes long", s.Size)
	}
	if s.Blocks*512 < 8<<20 {
		t.Skipf("the file system of %s does not allocate in advance", dir)
	}
}

// A full volume is found at Begin, and there is no trace of the attempt.
func TestVolumeFull(t *testing.T) {
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=8m"); err != nil {
		t.Skipf("only who may mount can fill a volume: %v", err)
	}
	defer func() { must(t, syscall.Unmount(dir, syscall.MNT_DETACH)) }()
	place := open(t, dir)
	_, err := place.Begin(t.Context(), "clip", connectors.UploadOptions{Size: 16 << 20})
	wantKind(t, "begin what is larger than the whole volume", err, connectors.KindInvalid)

	must(t, os.WriteFile(filepath.Join(dir, "ballast"), make([]byte, 7800<<10), 0o600))
	_, err = place.Begin(t.Context(), "clip", connectors.UploadOptions{Size: 4 << 20})
	wantKind(t, "begin what is larger than the room that is left", err, connectors.KindNoSpace)
	if !connectors.Retryable(err) {
		t.Errorf("%v is not retryable", err)
	}

	// A size that is not known beforehand fails while it is written, and can go on
	// when there is room.
	data := bytes.Repeat([]byte("x"), 500<<10)
	up, err := place.Begin(t.Context(), "clip", connectors.UploadOptions{Size: -1})
	must(t, err)
	_, err = write(t, up, data)
	wantKind(t, "write to a full volume", err, connectors.KindNoSpace)
	must(t, os.Remove(filepath.Join(dir, "ballast")))
	part, err := write(t, up, data)
	must(t, err)
	_, err = up.Commit(t.Context(), connectors.Whole{Parts: []connectors.Part{part}, Size: part.Size})
	must(t, err)
}
