// Package volume mounts file systems of their own for tests: an ext4 or XFS image
// over a loop device, or a tmpfs. It is apart from package servers because it
// imports testing, which no program that we ship may hold.
package volume

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"gantry/connectors/servers"
)

// MinXFS is the smallest XFS that mkfs.xfs makes, in bytes. The image is sparse.
const MinXFS = 300 << 20

// New mounts an empty file system of size bytes, "ext4", "xfs" or "tmpfs", and
// returns a folder on it that everybody may write to. It is unmounted when the
// test ends. Where this process may not mount, the test is skipped with the reason.
func New(t testing.TB, filesystem string, size int64) (dir string) {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skipf("only root may mount the %s that this test needs", filesystem)
	}
	base := t.TempDir()
	mountpoint := filepath.Join(base, "volume")
	if err := os.Mkdir(mountpoint, 0o755); err != nil {
		t.Fatal(err)
	}
	args := []string{"-t", "tmpfs", "-o", fmt.Sprintf("size=%d", size), "tmpfs", mountpoint}
	if filesystem != "tmpfs" {
		args = []string{"-t", filesystem, "-o", "loop", image(t, base, filesystem, size), mountpoint}
	}
	if out, err := exec.Command("mount", args...).CombinedOutput(); err != nil {
		t.Skipf("this machine cannot mount the %s that this test needs: %v: %s", filesystem, err, strings.TrimSpace(string(out)))
	}
	t.Cleanup(func() { unmount(t, mountpoint) })
	dir = filepath.Join(mountpoint, "files") // beside lost+found
	if err := os.Mkdir(dir, 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(dir, 0o777); err != nil {
		t.Fatal(err)
	}
	return dir
}

// image makes a sparse file with a file system in it.
func image(t testing.TB, dir, filesystem string, size int64) string {
	t.Helper()
	mkfs, err := servers.Find("mkfs." + filesystem)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "image")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Truncate(size); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command(mkfs, "-q", path).CombinedOutput(); err != nil {
		t.Fatalf("%s: %v: %s", mkfs, err, out)
	}
	return path
}

// unmount detaches what a process of the test may still hold open, so that the
// folder can be removed in any case.
func unmount(t testing.TB, mountpoint string) {
	if out, err := exec.Command("umount", mountpoint).CombinedOutput(); err == nil {
		return
	} else if lazy, err := exec.Command("umount", "-l", mountpoint).CombinedOutput(); err != nil {
		t.Errorf("unmount: %s%s", out, lazy)
	}
}
