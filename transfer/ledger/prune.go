package ledger

import (
	"cmp"
	"errors"
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

// Prune drops what is beyond the limits. It looks once a day, and when a run of many
// bytes has come; added is how many that were.
func (l Ledger) Prune(now time.Time, limits Limits, added int64) error {
	mark := filepath.Join(string(l), ".pruned")
	if info, err := os.Stat(mark); err == nil && now.Sub(info.ModTime()).Abs() < lookEvery && added <= limits.Bytes/100 {
		return nil
	}
	if err := l.prune(now, limits); err != nil {
		return err
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
		if day < oldest {
			return false, os.RemoveAll(dir)
		}
		left := 0
		for _, s := range stored(files) {
			kept += s.bytes
			abandoned := strings.HasPrefix(s.id, unfinished) && now.Sub(s.at) > lookEvery
			if !abandoned && (newest || kept <= limits.Bytes) {
				newest, left = false, left+1
				continue
			}
			for _, name := range s.names {
				if err := os.Remove(filepath.Join(dir, name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
					return true, err
				}
			}
		}
		if left == 0 && day < today { // of today another process may be about to put something there
			return false, os.RemoveAll(dir)
		}
		return false, nil
	})
}

// unfinished is how names of files begin that are being written, or were when their
// process was killed.
const unfinished = ".new-"

// A holding is what a run takes.
type holding struct {
	id    string
	names []string
	bytes int64
	at    time.Time
}

// stored gives the runs of a day, the newest first.
func stored(files []os.DirEntry) []*holding {
	by := map[string]*holding{}
	for _, f := range files {
		info, err := f.Info()
		if err != nil {
			continue // it is gone
		}
		id := strings.TrimSuffix(strings.TrimSuffix(f.Name(), linesEnd), statusEnd)
		s := by[id]
		if s == nil {
			s = &holding{id: id}
			by[id] = s
		}
		s.names, s.bytes = append(s.names, f.Name()), s.bytes+info.Size()
		if info.ModTime().After(s.at) {
			s.at = info.ModTime()
		}
	}
	return slices.SortedFunc(maps.Values(by), func(a, b *holding) int {
		return cmp.Or(b.at.Compare(a.at), cmp.Compare(b.id, a.id))
	})
}
