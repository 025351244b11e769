package journal

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// A folder is the journal's: "lock" names the process that has it, "reserve"
// takes up room for bad times while it is open, "store" is the database, "briefs" has the pages of brief jobs.
type folder struct {
	dir  string
	held *os.File
}

// take locks the folder, which it makes. One that was retired while this one waited for
// its lock is not it any more.
func take(dir string) (*folder, error) {
	for tries := 0; ; tries++ {
		f, err := takeOnce(dir)
		if tries < 100 && (errors.Is(err, fs.ErrExist) || errors.Is(err, fs.ErrNotExist)) {
			continue // it was retired while it was looked for
		}
		if err != nil || f.named() {
			return f, err
		}
		if err := f.release(); err != nil {
			return nil, err
		}
	}
}

func takeOnce(dir string) (*folder, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make the journal's folder: %w", err)
	}
	f, err := os.OpenFile(filepath.Join(dir, "lock"), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open the journal's lock: %w", err)
	}
	switch err := lock(f); {
	case errors.Is(err, errLocked):
		defer f.Close()
		return nil, &InUse{Dir: dir, PID: readPID(f)}
	case err != nil:
		f.Close()
		return nil, fmt.Errorf("lock the journal %s: %w", dir, err)
	}
	if err := writePID(f); err != nil {
		f.Close()
		return nil, fmt.Errorf("write the journal's lock: %w", err)
	}
	return &folder{dir: dir, held: f}, nil
}

// named tells whether the lock that is held is still the one of the folder's name.
func (f *folder) named() bool {
	ours, err := f.held.Stat()
	if err != nil {
		return false
	}
	now, err := os.Stat(filepath.Join(f.dir, "lock"))
	return err == nil && os.SameFile(ours, now)
}

func (f *folder) store() string   { return filepath.Join(f.dir, "store") }
func (f *folder) briefs() string  { return filepath.Join(f.dir, "briefs") }
func (f *folder) reserve() string { return filepath.Join(f.dir, "reserve") }
func (f *folder) release() error  { return errors.Join(unlock(f.held), f.held.Close()) }

// freeReserve is for who has the folder.
func (f *folder) freeReserve() error {
	if err := os.Remove(f.reserve()); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// FreeReserve gives room back to the volume that a process left behind which was killed
// while it had the journal in dir open. While another process has it, it stays.
func FreeReserve(dir string) error {
	if _, err := os.Stat(filepath.Join(dir, "reserve")); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	f, err := take(dir)
	var other *InUse
	if errors.As(err, &other) {
		return nil
	}
	if err != nil {
		return err
	}
	return errors.Join(f.freeReserve(), f.release())
}

func readPID(f *os.File) int {
	text := make([]byte, 20)
	n, _ := f.ReadAt(text, 0)
	pid, _ := strconv.Atoi(strings.TrimSpace(string(text[:n])))
	return pid
}

func writePID(f *os.File) error {
	if err := f.Truncate(0); err != nil {
		return err
	}
	_, err := f.WriteAt([]byte(strconv.Itoa(os.Getpid())+"\n"), 0)
	return err
}

// SetAside moves the files of a journal that does not open to
// <dir>.damaged-<time>, and returns that path. InUse if a process has it open.
func SetAside(dir string, now time.Time) (string, error) {
	f, err := take(dir)
	if err != nil {
		return "", err
	}
	defer f.release()
	base := filepath.Clean(dir) + ".damaged-" + now.UTC().Format("20060102T150405Z")
	for i := 1; ; i++ {
		aside := base
		if i > 1 {
			aside = fmt.Sprintf("%s-%d", base, i)
		}
		if _, err := os.Lstat(aside); errors.Is(err, fs.ErrNotExist) {
			if err := os.Rename(f.store(), aside); err != nil {
				return "", fmt.Errorf("set the journal aside: %w", err)
			}
			return aside, nil
		}
	}
}

// syncFolder puts the names in a folder on the disk.
func syncFolder(dir string) error {
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := f.Sync(); err != nil && !errors.Is(err, syscall.EINVAL) && !errors.Is(err, syscall.ENOTSUP) {
		return err
	}
	return nil
}
