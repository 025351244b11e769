package sftp_test

import (
	"bytes"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"gantry/connectors"
)

func TestServerFull(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=512k"); err != nil {
		t.Skipf("only who may mount can fill a volume: %v", err)
	}
	defer func() { must(t, syscall.Unmount(dir, syscall.MNT_DETACH)) }()
	place := open(t, location(start(t), dir))
	_, err := place.Begin(t.Context(), "clip", connectors.UploadOptions{Size: 1 << 30})
	wantKind(t, "begin what is larger than the volume", err, connectors.KindNoSpace)

	ballast := filepath.Join(dir, "ballast")
	must(t, os.WriteFile(ballast, make([]byte, 400<<10), 0o600))
	up, err := place.Begin(t.Context(), "clip", connectors.UploadOptions{Size: -1})
	must(t, err)
	_, err = up.WritePart(t.Context(), part(1), bytes.NewReader(frames(1)))
	wantKind(t, "write to a full volume", err, connectors.KindNoSpace)
	must(t, os.Remove(ballast))
	write(t, up, 1)
	_, err = up.Commit(t.Context(), connectors.Whole{Parts: []connectors.Part{part(1)}, Size: partSize})
	must(t, err)
}
