package volume_test

import (
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"

	"gantry/connectors/servers/volume"
)

func TestNew(t *testing.T) {
	for filesystem, magic := range map[string]int64{"ext4": unix.EXT4_SUPER_MAGIC, "xfs": unix.XFS_SUPER_MAGIC, "tmpfs": unix.TMPFS_MAGIC} {
		t.Run(filesystem, func(t *testing.T) {
			var dir string
			t.Run("mounted", func(t *testing.T) {
				dir = volume.New(t, filesystem, volume.MinXFS)
				if err := os.WriteFile(filepath.Join(dir, "clip"), []byte("frames"), 0o600); err != nil {
					t.Fatal(err)
				}
				var s unix.Statfs_t
				if err := unix.Statfs(dir, &s); err != nil {
					t.Fatal(err)
				}
				if int64(s.Type) != magic || int64(s.Blocks)*s.Bsize > volume.MinXFS {
					t.Errorf("type %x, %d bytes", s.Type, int64(s.Blocks)*s.Bsize)
				}
			})
			if _, err := os.Stat(dir); dir != "" && err == nil {
				t.Error("it is still there after the test")
			}
		})
	}
}
