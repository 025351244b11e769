package fskind

import (
	"testing"

	"golang.org/x/sys/unix"
)

// The magic numbers are written out, so that the list builds everywhere; here they
// are held against the kernel's header.
func TestMagicNumbers(t *testing.T) {
	for magic, name := range map[uint32]string{
		unix.EXT4_SUPER_MAGIC: "ext4", unix.XFS_SUPER_MAGIC: "XFS", unix.BTRFS_SUPER_MAGIC: "Btrfs", unix.TMPFS_MAGIC: "tmpfs",
		unix.F2FS_SUPER_MAGIC: "F2FS", unix.OVERLAYFS_SUPER_MAGIC: "overlay", unix.SQUASHFS_MAGIC: "SquashFS", unix.ISOFS_SUPER_MAGIC: "ISO 9660",
		unix.UDF_SUPER_MAGIC: "UDF", unix.MSDOS_SUPER_MAGIC: "FAT", unix.EXFAT_SUPER_MAGIC: "exFAT", unix.NFS_SUPER_MAGIC: "NFS",
		unix.SMB_SUPER_MAGIC: "SMB", unix.SMB2_SUPER_MAGIC: "SMB", unix.CIFS_SUPER_MAGIC: "SMB", unix.FUSE_SUPER_MAGIC: "FUSE",
		unix.V9FS_MAGIC: "9P", unix.CEPH_SUPER_MAGIC: "Ceph", unix.AFS_SUPER_MAGIC: "AFS", unix.AFS_FS_MAGIC: "AFS",
		unix.CODA_SUPER_MAGIC: "Coda", unix.NCP_SUPER_MAGIC: "NCP", unix.OCFS2_SUPER_MAGIC: "OCFS2",
	} {
		if got := kinds[magic].Name; got != name {
			t.Errorf("%#x is %q; want %q", magic, got, name)
		}
	}
}

func TestOf(t *testing.T) {
	if got := Of("/proc/self/no/such/folder"); got != (Kind{}) {
		t.Errorf("of what is not there: %+v", got)
	}
	for _, k := range kinds {
		if k.Remote != k.NoEvents || k.Name == "" {
			t.Errorf("%+v: what a server keeps raises no events, and each kind has a name", k)
		}
	}
}
