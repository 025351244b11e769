package fskind

import "golang.org/x/sys/unix"

// Of tells the kind of the file system that path is on, and the zero Kind where
// that cannot be found out.
func Of(path string) Kind {
	var s unix.Statfs_t
	if err := unix.Statfs(path, &s); err != nil {
		return Kind{}
	}
	return kinds[uint32(s.Type)]
}
