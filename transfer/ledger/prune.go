package ledger

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// Limits bound what is kept.
type Limits struct {
	Age   time.Duration // whole days; runs that ended before are dropped
	Bytes int64         // of all files together; the oldest runs go first
}

// lookEvery is how often the ledger is looked through for what is too old or too much.
const lookEvery = 24 * time.Hour

// Prune drops what is beyond the limits, but nothing that is being written. It looks
// once a day, and when a run of many bytes has come; added is how many that were. While
// other processes keep runs it leaves the work to the next one.
func (l Ledger) Prune(now time.Time, limits Limits, added int64) error {
	mark := filepath.Join(string(l), ".pruned")
	if info, err := os.Stat(mark); err == nil && now.Sub(info.ModTime()).Abs() < lookEvery && added <= limits.Bytes/100 {
		return nil
	}
	release, err := l.hold(lockPrune)
	if errors.Is(err, errBusy) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("drop old receipts: %w", err)
	}
	defer release()
	if err := l.prune(now, limits); err != nil {
		return fmt.Errorf("drop old receipts: %w", err)
	}
	if err := os.WriteFile(mark, nil, 0o600); err != nil {
		return err
	}
	return os.Chtimes(mark, now, now)
}

func (l Ledger) prune(now time.Time, limits Limits) error {
	oldest, today := now.Add(-limits.Age).UTC().Format(day), now.UTC().Format(day)
	kept, newest := int64(0), true
	return l.each(func(day string, files []os.DirEntry) (bool, error) {
		dir := filepath.Join(string(l), day)
		for _, s := range stored(files) {
			if !s.whole && now.Sub(s.at) <= lookEvery {
				kept += s.bytes
				continue // somebody may be writing it
			}
			if s.whole && day >= oldest {
				if kept += s.bytes; newest || kept <= limits.Bytes {
					newest = false
					continue
				}
			}
			if err := s.drop(dir); err != nil {
				return true, err
			}
		}
		if day < today { // of today another process may be about to put something there
			_ = os.Remove(dir) // unless it has something
		}
		return false, nil
	})
}

// A holding is what a run takes.
type holding struct {
	id    string
	names []string
	bytes int64
	at    time.Time
	whole bool // it has its status, which is written last
}

// drop removes the files, the status first.
func (h *holding) drop(dir string) error {
	slices.Sort(h.names)
	for _, name := range h.names {
		if err := os.Remove(filepath.Join(dir, name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

// stored gives the runs of a day, the newest first.
func stored(files []os.DirEntry) []*holding {
	by := map[string]*holding{}
	for _, f := range files {
		info, err := f.Info()
		if err != nil || !info.Mode().IsRegular() {
			continue // it is gone, or not of a run
		}
		id := strings.TrimSuffix(strings.TrimSuffix(f.Name(), linesEnd), statusEnd)
		s := by[id]
		if s == nil {
			s = &holding{id: id}
			by[id] = s
		}
		s.names, s.bytes = append(s.names, f.Name()), s.bytes+info.Size()
		s.whole = s.whole || strings.HasSuffix(f.Name(), statusEnd)
		if info.ModTime().After(s.at) {
			s.at = info.ModTime()
		}
	}
	return slices.SortedFunc(maps.Values(by), func(a, b *holding) int {
		return cmp.Or(b.at.Compare(a.at), cmp.Compare(b.id, a.id))
	})
}
