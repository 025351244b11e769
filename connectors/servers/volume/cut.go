package volume

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// A Cuttable is an ext4 whose disk can be copied at any moment, in one step: the copy is
// what a power cut at that moment leaves, without all that the system had only in its
// memory. It writes as late as ext4 can, and orders no data before names.
type Cuttable struct {
	Dir  string // a folder on it
	disk string // the image that it is on, in a file system that copies files in one step
	cuts int
}

// NewCuttable mounts one of size bytes, and has it unmounted when the test ends. Only root
// can; elsewhere the test is skipped, and fails where root may not.
func NewCuttable(t testing.TB, size int64) *Cuttable {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("only root may mount what this test needs: sudo -E go test")
	}
	base := t.TempDir()
	shelf := filepath.Join(base, "shelf") // an XFS: it shares blocks between a file and its copy
	mount(t, "xfs", image(t, base, "xfs", MinXFS+8*size), shelf, "loop")
	c := &Cuttable{Dir: filepath.Join(base, "volume"), disk: image(t, shelf, "ext4", size)}
	mount(t, "ext4", c.disk, c.Dir, late)
	return c
}

const late = "loop,commit=300,data=writeback,noauto_da_alloc"

func mount(t testing.TB, filesystem, image, dir, options string) {
	t.Helper()
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command("mount", "-t", filesystem, "-o", options, image, dir).CombinedOutput()
	if err != nil {
		t.Fatalf("mount a volume to cut the power of: %v: %s (run the tests where root may use loop devices: docker run --privileged)", err, strings.TrimSpace(string(out)))
	}
	t.Cleanup(func() { unmount(t, dir) })
}

// Cut copies the disk as it is now, and returns a function that mounts the copy and gives
// the folder on it that corresponds to Dir.
func (c *Cuttable) Cut(t testing.TB) (look func() (dir string)) {
	t.Helper()
	c.cuts++
	name := fmt.Sprintf("%s-%d", c.disk, c.cuts)
	if out, err := exec.Command("cp", "--reflink=always", c.disk, name).CombinedOutput(); err != nil {
		t.Fatalf("copy the disk: %v: %s", err, out)
	}
	return func() string {
		t.Helper()
		dir := name + ".mounted"
		mount(t, "ext4", name, dir, "loop")
		return dir
	}
}
