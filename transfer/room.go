package transfer

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"

	"gantry/connectors"
)

// spare is what is left free on the volume of the scratch folder, in bytes: a
// journal may live there, which must not run out of room.
const spare = 1 << 30

// A room keeps account of the disk of the scratch folder, for all jobs of an engine.
type room struct {
	dir  string
	free func(dir string) (bytes int64, known bool)
	most func(size int64) int64 // what may become of a file of so many bytes that is packed or unpacked

	mu       sync.Mutex
	promised int64 // bytes that are still to come
}

// A lease is room for one file. A nil lease is none.
type lease struct {
	room *room
	path string
	size int64 // of the whole file; below zero = not known
	left int64
}

// take refuses a file that does not fit in, beside what is promised to others. there
// is how much of it has arrived already.
func (r *room) take(path string, size, there int64) (*lease, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	l := &lease{room: r, path: path, size: size, left: max(0, size-there)}
	if err := r.check(path, l.left); err != nil {
		return nil, err
	}
	r.promised += l.left
	return l, nil
}

// check needs the lock. A file system that does not tell is taken to have room.
func (r *room) check(path string, size int64) error {
	free, known := r.free(r.dir)
	if !known || size <= free-r.promised-spare {
		return nil
	}
	return &connectors.Error{
		Kind: connectors.KindNoSpace, Op: "stage", Path: path,
		Err:    fmt.Errorf("%s has %d bytes free, of which %d are promised and %d kept free, and the file needs %d", r.dir, free, r.promised, spare, size),
		Remedy: "make room there, or set another scratch folder",
	}
}

// arrived is told how much of the file is there. It fails once the disk has less
// left than has to stay free.
func (l *lease) arrived(bytes int64) error {
	l.room.mu.Lock()
	defer l.room.mu.Unlock()
	l.keep(l.size - bytes)
	if free, known := l.room.free(l.room.dir); known && free < spare {
		return l.room.check(l.path, 0)
	}
	return nil
}

// drop gives back what is left.
func (l *lease) drop() {
	if l != nil {
		l.room.mu.Lock()
		defer l.room.mu.Unlock()
		l.keep(0)
	}
}

// keep needs the lock.
func (l *lease) keep(left int64) {
	if left = max(0, left); left < l.left {
		l.room.promised -= l.left - left
		l.left = left
	}
}

func freeOn(dir string) (int64, bool) {
	var fs syscall.Statfs_t
	if err := syscall.Statfs(dir, &fs); err != nil {
		return 0, false
	}
	return int64(uint64(fs.Bavail) * uint64(fs.Bsize)), true
}

// beside lists a file and what a mover keeps beside it.
func beside(file string) (names []string) {
	entries, _ := os.ReadDir(filepath.Dir(file)) // a folder that is not there has none
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), filepath.Base(file)) && !e.IsDir() {
			names = append(names, filepath.Join(filepath.Dir(file), e.Name()))
		}
	}
	return names
}

// occupied is what they take up on the disk, in bytes.
func occupied(file string) (bytes int64) {
	for _, name := range beside(file) {
		info, err := os.Stat(name)
		if err != nil {
			continue
		}
		if s, ok := info.Sys().(*syscall.Stat_t); ok {
			bytes += s.Blocks * 512
		}
	}
	return bytes
}
