package ftp_test

import (
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"
	"testing"
	"time"

	"gantry/connectors"
	"gantry/connectors/promise"
	"gantry/connectors/servers"
)

// ProFTPD keeps the digest of what it has received, and tells it again after the file
// has changed: what it says of an upload has to be of what is on its disk.
func TestTheDigestOfAnUploadIsThatOfTheDisk(t *testing.T) {
	t.Parallel()
	s := start(t, servers.StartProFTPD, servers.FTPOptions{})
	must(t, os.Chmod(s.Dir, 0o777))
	place := open(t, location(t, s, "ftp", ""))
	modified := time.Now().Truncate(time.Second) // the second in which it arrives
	up, err := place.Begin(t.Context(), "clip", connectors.UploadOptions{Size: 4 * partSize, ModTime: modified})
	must(t, err)
	write(t, up, 1, 2, 3, 4)
	hasher, ok := connectors.As[connectors.StagedHasher](up)
	if !ok {
		t.Fatal("it is no StagedHasher")
	}
	file := filepath.Join(s.Dir, promise.Folder, up.ID())
	for range 3 {
		data, err := os.ReadFile(file)
		must(t, err)
		data[100] ^= 1
		info, err := os.Stat(file)
		must(t, err)
		must(t, os.WriteFile(file, data, 0o644))
		must(t, os.Chtimes(file, info.ModTime(), info.ModTime())) // as a disk that rots does
		got, err := hasher.HashStaged(t.Context(), connectors.SHA256)
		must(t, err)
		if sum := sha256.Sum256(data); got[connectors.SHA256] != hex.EncodeToString(sum[:]) {
			t.Errorf("the digest is %s, and the disk has %x", got[connectors.SHA256], sum)
		}
	}
	commit(t, up)
	if e, err := place.Stat(t.Context(), "clip"); err != nil || !e.ModTime.Equal(modified) {
		t.Errorf("its time is %v (%v), want %v", e.ModTime, err, modified)
	}
}
