// Package durable writes files of this program's own that are whole or not there, and
// that a power cut does not take away again.
//
// A file takes shape under another name in its folder, is synced, gets its name, and
// then its folder is synced. Files of users are written by connectors/local.
package durable

import (
	"bufio"
	"errors"
	"io"
	"os"
	"path/filepath"
	"syscall"
)

// Unfinished is how the names of files begin that take shape, or did when their process
// was killed.
const Unfinished = ".new-"

// Write makes a file of mode 0600 in a folder that is there, in place of an earlier one.
// If it fails there is nothing new. Many may write at once, the same file too: the last
// one stays.
func Write(name string, write func(io.Writer) error) error {
	f, err := os.CreateTemp(filepath.Dir(name), Unfinished+"*")
	if err != nil {
		return err
	}
	if err := Fill(f, write); err != nil {
		return err
	}
	if err := os.Rename(f.Name(), name); err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return SyncFolder(filepath.Dir(name))
}

// Bytes gives the content to Write.
func Bytes(data []byte) func(io.Writer) error {
	return func(w io.Writer) error {
		_, err := w.Write(data)
		return err
	}
}

// Fill writes a file that was made, syncs and closes it. On an error it removes it.
func Fill(f *os.File, write func(io.Writer) error) error {
	w := bufio.NewWriterSize(f, 1<<16)
	err := write(w)
	if err == nil {
		err = w.Flush()
	}
	if err == nil {
		err = f.Sync()
	}
	if closed := f.Close(); err == nil {
		err = closed
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return nil
}

// SyncFolder makes the names in a folder durable. Where the system cannot, they are as
// durable as it makes them.
func SyncFolder(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	if err := d.Sync(); !errors.Is(err, errors.ErrUnsupported) && !errors.Is(err, syscall.EINVAL) && !errors.Is(err, os.ErrPermission) {
		return err
	}
	return nil
}
