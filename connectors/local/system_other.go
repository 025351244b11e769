//go:build !linux

package local

import (
	"io/fs"
	"os"
)

func version(fs.FileInfo) string { return "" }

func preallocate(*os.File, int64) error { return nil }

func syncData(f *os.File) error { return f.Sync() }

func renameNew(root *os.Root, from, to string) error { return linkNew(root, from, to) }
