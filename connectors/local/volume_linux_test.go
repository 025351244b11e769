package local_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"gantry/connectors"
	"gantry/connectors/connectortest"
	"gantry/connectors/local"
	"gantry/connectors/servers/volume"
)

// onEach runs a test on the file systems that matter, each a volume of its own.
func onEach(t *testing.T, test func(t *testing.T, dir string)) {
	for _, kind := range []string{"ext4", "xfs", "tmpfs"} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			test(t, volume.New(t, kind, 1<<30))
		})
	}
}

// mount mounts a file system over a folder. Of the options, those for tmpfs are of
// mount, the others of mkfs.
func mount(t *testing.T, dir, kind string, options ...string) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("only root may mount a volume")
	}
	if kind == "tmpfs" {
		run(t, "mount", append([]string{"-t", "tmpfs", "tmpfs", dir}, options...)...)
		unmountLater(t, dir)
		return
	}
	if _, err := exec.LookPath("mkfs." + kind); err != nil {
		t.Fatalf("mkfs.%s is not installed: apt-get install e2fsprogs xfsprogs", kind)
	}
	image := filepath.Join(t.TempDir(), "image")
	f, err := os.Create(image)
	must(t, err)
	must(t, f.Truncate(400<<20)) // XFS is never smaller than 300 MB; the file has holes
	must(t, f.Close())
	run(t, "mkfs."+kind, append(append([]string{"-q"}, options...), image)...)
	run(t, "mount", "-o", "loop", image, dir)
	unmountLater(t, dir)
}

func unmountLater(t *testing.T, dir string) { t.Cleanup(func() { unmount(dir) }) }

func unmount(dir string) { _ = unix.Unmount(dir, unix.MNT_DETACH) }

func run(t *testing.T, name string, args ...string) {
	t.Helper()
	if out, err := exec.Command(name, args...).CombinedOutput(); err != nil {
		if name == "mount" {
			t.Skipf("a volume cannot be mounted here: %v: %s", err, out)
		}
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
}

func TestConformanceOnVolumes(t *testing.T) {
	onEach(t, func(t *testing.T, volume string) {
		slow := !strings.HasSuffix(t.Name(), "/ext4") // one of them in full
		connectortest.Run(t, func(t *testing.T) connectortest.Site { return site(t, volume, slow) })
	})
}

// site is a folder of its own on a volume.
func site(t *testing.T, volume string, slow bool, options ...string) connectortest.Site {
	t.Helper()
	dir, err := os.MkdirTemp(volume, "")
	must(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	l := location(dir, options...)
	return connectortest.Site{Dir: dir, Slow: slow, Open: func() (connectors.Place, error) { return local.Connector().Open(t.Context(), l) }}
}
