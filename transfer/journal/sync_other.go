//go:build !linux

package journal

import "os"

// syncData puts what was written to a file on the disk.
func syncData(f *os.File) error { return f.Sync() }
