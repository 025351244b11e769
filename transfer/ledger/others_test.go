package ledger

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"gantry/transfer/durable"
	"gantry/transfer/steer"
)

// A clock that was ahead, or is set back, makes no run take the place of another one.
func TestNumbersGoOnWhateverTheClockSays(t *testing.T) {
	l := Ledger(t.TempDir())
	var want []string
	for n, ended := range []time.Time{noon.AddDate(0, 0, 3), noon, noon, noon.AddDate(0, 0, -2), noon.Add(time.Hour)} {
		want = append(want, keep(t, l, "copy-a", ended, fmt.Sprint("line ", n)))
	}
	if got := ids(t, l, time.Time{}); len(slices.Compact(got)) != 5 || !slices.Equal(got, want) {
		t.Errorf("kept are %q, said to be kept %q", got, want)
	}
	for n, id := range want {
		if got := linesOf(t, l, id); !slices.Equal(got, []string{fmt.Sprint("line ", n)}) {
			t.Errorf("%s has %q", id, got)
		}
	}
	if r, _, err := l.Find("copy-a"); err != nil || r.ID != "copy-a.5" {
		t.Errorf("the last run is %s, %v", r.ID, err)
	}
}

func TestRunsAtOnceOfOneTransferAreAllKept(t *testing.T) {
	l := Ledger(t.TempDir())
	var all sync.WaitGroup
	for n := range 20 {
		all.Go(func() {
			_, err := l.Keep(steer.Status{ID: "copy-a", Ended: noon, Files: 1}, lines(fmt.Sprint("line ", n)), nil)
			if err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	seen := map[string]bool{}
	for _, id := range ids(t, l, time.Time{}) {
		for _, line := range linesOf(t, l, id) {
			seen[line] = true
		}
	}
	if len(seen) != 20 {
		t.Errorf("of 20 runs %d are kept", len(seen))
	}
}

// Others prune while a run is written, in a folder of yesterday: with locks, and as on a
// file system that has none.
func TestWhatIsBeingWrittenIsNotPruned(t *testing.T) {
	now := time.Now()
	limits := Limits{Age: 30 * 24 * time.Hour, Bytes: 1}
	for how, prune := range map[string]func(Ledger) error{
		"locked":    func(l Ledger) error { return l.Prune(now, limits, 100) },
		"lock-free": func(l Ledger) error { return l.prune(now, limits) },
	} {
		l := Ledger(t.TempDir())
		keep(t, l, "copy-new", now, "1")
		id, err := l.Keep(steer.Status{ID: "copy-a", Ended: now.AddDate(0, 0, -1), Files: 40_000}, func(yield func([]byte, error) bool) {
			for n := range 40_000 { // more than is buffered
				if n%20_000 == 0 {
					must(t, os.WriteFile(filepath.Join(string(l), now.UTC().Format(day), durable.Unfinished+"of another"), []byte("more"), 0o600))
					must(t, prune(l))
				}
				if !yield([]byte("line"), nil) {
					return
				}
			}
		}, nil)
		if err != nil {
			t.Errorf("%s: %v", how, err)
			continue
		}
		if got := linesOf(t, l, id); len(got) != 40_000 {
			t.Errorf("%s: it has %d lines", how, len(got))
		}
		if left, _ := filepath.Glob(string(l) + "/*/" + durable.Unfinished + "*"); len(left) != 1 {
			t.Errorf("%s: what another one writes is gone", how)
		}
		must(t, l.Prune(now, limits, 100)) // once nobody writes
		if got := ids(t, l, time.Time{}); !slices.Equal(got, []string{"copy-new.1"}) {
			t.Errorf("%s: kept are %q", how, got)
		}
	}
}

func TestWhatAKilledProcessLeftIsPruned(t *testing.T) {
	l := Ledger(t.TempDir())
	now := time.Now()
	keep(t, l, "copy-a", now, "1")
	dir := filepath.Join(string(l), now.UTC().Format(day))
	old := now.Add(-lookEvery - time.Minute)
	for _, name := range []string{durable.Unfinished + "1", "copy-b.1" + linesEnd} {
		must(t, os.WriteFile(filepath.Join(dir, name), []byte("some"), 0o600))
		must(t, os.Chtimes(filepath.Join(dir, name), old, old))
	}
	must(t, l.Prune(now, Limits{Age: 30 * 24 * time.Hour, Bytes: 1 << 20}, 0))
	if left, _ := os.ReadDir(dir); len(left) != 2 {
		t.Errorf("left are %v", left)
	}
}

func TestLinesThatAreLostAreAnError(t *testing.T) {
	l := Ledger(t.TempDir())
	id := keep(t, l, "copy-a", noon, "1", "2")
	must(t, os.Remove(filepath.Join(string(l), noon.Format(day), id+linesEnd)))
	r, ok, err := l.Find(id)
	if err != nil || !ok {
		t.Fatalf("its status is not found: %v", err)
	}
	var got error
	for _, err := range r.Lines() {
		got = err
	}
	if !errors.Is(got, fs.ErrNotExist) {
		t.Errorf("its lines end with %v", got)
	}
	for _, err := range Lines(filepath.Join(string(l), "none")) {
		t.Errorf("a file that need not be there: %v", err)
	}
}
