package fskind

import "time"

// maxFAT is what 32 bits can say.
const maxFAT = 1<<32 - 1

// kinds are known by the magic number of statfs(2).
var kinds = map[uint32]Kind{
	0x0000EF53: {Name: "ext4", Holes: true, TimePrecision: time.Nanosecond}, // and ext2, ext3
	0x58465342: {Name: "XFS", Holes: true, TimePrecision: time.Nanosecond},
	0x9123683E: {Name: "Btrfs", Holes: true, TimePrecision: time.Nanosecond},
	0x01021994: {Name: "tmpfs", Holes: true, TimePrecision: time.Nanosecond},
	0xF2F52010: {Name: "F2FS", TimePrecision: time.Nanosecond},
	0x2FC12FC1: {Name: "ZFS", TimePrecision: time.Nanosecond}, // some versions told of holes where data was
	0xCA451A4E: {Name: "bcachefs", TimePrecision: time.Nanosecond},
	0x794C7630: {Name: "overlay", TimePrecision: time.Nanosecond},
	0x73717368: {Name: "SquashFS", TimePrecision: time.Second},
	0x00009660: {Name: "ISO 9660", TimePrecision: time.Second},
	0x15013346: {Name: "UDF", TimePrecision: time.Microsecond},

	0x00004D44: {Name: "FAT", FoldsCase: true, PlainNames: true, TimePrecision: 2 * time.Second, MaxSize: maxFAT},
	0x2011BAB0: {Name: "exFAT", FoldsCase: true, PlainNames: true, TimePrecision: 10 * time.Millisecond},
	0x7366746E: {Name: "NTFS", TimePrecision: 100 * time.Nanosecond},
	0x5346544E: {Name: "NTFS", TimePrecision: 100 * time.Nanosecond},
	0x00004244: {Name: "HFS", FoldsCase: true, TimePrecision: time.Second, MaxSize: 1<<31 - 1},
	0x0000482B: {Name: "HFS+", TimePrecision: time.Second},

	0x00006969: {Name: "NFS", Remote: true, NoEvents: true},
	0x0000517B: {Name: "SMB", Remote: true, NoEvents: true},
	0xFE534D42: {Name: "SMB", Remote: true, NoEvents: true},
	0xFF534D42: {Name: "SMB", Remote: true, NoEvents: true},
	0x65735546: {Name: "FUSE", Remote: true, NoEvents: true},
	0x01021997: {Name: "9P", Remote: true, NoEvents: true},
	0x00C36400: {Name: "Ceph", Remote: true, NoEvents: true},
	0x5346414F: {Name: "AFS", Remote: true, NoEvents: true},
	0x6B414653: {Name: "AFS", Remote: true, NoEvents: true},
	0x73757245: {Name: "Coda", Remote: true, NoEvents: true},
	0x0000564C: {Name: "NCP", Remote: true, NoEvents: true},
	0x7461636F: {Name: "OCFS2", Remote: true, NoEvents: true},
	0x01161970: {Name: "GFS2", Remote: true, NoEvents: true},
	0x0BD00BD0: {Name: "Lustre", Remote: true, NoEvents: true, Stubs: true},
	0x47504653: {Name: "GPFS", Remote: true, NoEvents: true, Stubs: true},
	0x19830326: {Name: "BeeGFS", Remote: true, NoEvents: true},
}
