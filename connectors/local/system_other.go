//go:build !linux

package local

import (
	"io/fs"
	"os"
	"syscall"
	"time"
)

func version(fs.FileInfo) string { return "" }

func preallocate(*os.File, int64) error { return nil }

func syncData(f *os.File) error { return f.Sync() }

func renameNew(root *os.Root, from, to string) error { return linkNew(root, from, to) }

// moveNew does not know how to rename from one root to another without a race.
func moveNew(home *os.Root, from string, root *os.Root, to string) error {
	if home.Name() != root.Name() {
		return syscall.ENOSYS
	}
	return linkNew(root, from, to)
}

var systemCauses []cause

func outOfInodes(string) bool { return false }

func allocated(info fs.FileInfo) int64 { return info.Size() }

func began(_ string, info fs.FileInfo) time.Time { return info.ModTime() }

func identityOf(string, fs.FileInfo) string { return "" }

func readOnly(string) bool { return false }

func links(fs.FileInfo) uint64 { return 0 }

func setTime(f *os.File, t time.Time) error { return os.Chtimes(f.Name(), time.Time{}, t) }

func foldsByFlag(*os.File) bool { return false }

// volumeSize does not know.
func volumeSize(string) int64 { return 0 }

// roomFor does not know.
func roomFor(*os.File, int64) error { return nil }

// renamesOpen tells whether a file that is open can be renamed.
const renamesOpen = false
