package watch

import "time"

// File is one version of a file below the root.
type File struct {
	Path    string // relative to the root, separated by slashes, byte for byte as on disk
	Size    int64  // bytes
	ModTime time.Time
	Inode   uint64 // 0 where the file system has none

	FirstSeen  time.Time // when this process saw the path for the first time since it last settled
	LastChange time.Time // when this process last saw it change
	Waits      string    // what a growing file waits for; empty for a settled one
}

// Alarm says that the root cannot be watched, or can be again.
type Alarm struct {
	Root    string
	Reason  string
	Since   time.Time
	Cleared bool
}
