package ledger

import (
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"gantry/transfer/steer"
)

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

var noon = time.Date(2026, 5, 2, 12, 0, 0, 0, time.UTC)

func lines(list ...string) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		for _, line := range list {
			if !yield([]byte(line), nil) {
				return
			}
		}
	}
}

func keep(t *testing.T, l Ledger, transfer string, ended time.Time, list ...string) string {
	t.Helper()
	id, err := l.Keep(steer.Status{ID: transfer, State: steer.StateDone, Ended: ended, Files: len(list)}, lines(list...), nil)
	must(t, err)
	return id
}

func linesOf(t *testing.T, l Ledger, id string) []string {
	t.Helper()
	r, ok, err := l.Find(id)
	must(t, err)
	if !ok {
		t.Fatalf("%s is not kept", id)
	}
	var list []string
	for line, err := range r.Lines() {
		must(t, err)
		list = append(list, string(line))
	}
	return list
}

func ids(t *testing.T, l Ledger, since time.Time) (list []string) {
	t.Helper()
	runs, err := l.List(since)
	must(t, err)
	for _, r := range runs {
		list = append(list, r.ID)
	}
	slices.Sort(list)
	return list
}

func TestRunsOfATransferAreKeptOneByOne(t *testing.T) {
	l := Ledger(filepath.Join(t.TempDir(), "receipts"))
	if has, err := l.Has("copy-a1"); err != nil || has {
		t.Fatalf("an empty ledger has one: %v, %v", has, err)
	}
	for n, ended := range []time.Time{noon.AddDate(0, 0, -1), noon, noon.Add(time.Hour)} {
		if id, want := keep(t, l, "copy-a1", ended, fmt.Sprint("line ", n)), fmt.Sprint("copy-a1.", n+1); id != want {
			t.Errorf("run %d is %s", n, id)
		}
	}
	keep(t, l, "copy-a", noon)
	if got := linesOf(t, l, "copy-a1"); !slices.Equal(got, []string{"line 2"}) {
		t.Errorf("the last run has %q", got)
	}
	if got := linesOf(t, l, "copy-a1.1"); !slices.Equal(got, []string{"line 0"}) {
		t.Errorf("the first run has %q", got)
	}
	if got := linesOf(t, l, "copy-a"); len(got) > 0 {
		t.Errorf("one without lines has %q", got)
	}
	if got := ids(t, l, noon); !slices.Equal(got, []string{"copy-a.1", "copy-a1.2", "copy-a1.3"}) {
		t.Errorf("since noon there are %q", got)
	}
	for _, id := range []string{"copy-a1.4", "copy-b", "", "..", "../x", "copy-a1."} {
		if _, ok, err := l.Find(id); ok || err != nil {
			t.Errorf("%q: %v, %v", id, ok, err)
		}
	}
}

func TestWhatIsNotWrittenInFullIsNoLine(t *testing.T) {
	file := filepath.Join(t.TempDir(), "lines")
	must(t, os.WriteFile(file, []byte("one\n\ntwo\nthr"), 0o600))
	var got []string
	for line, err := range Lines(file) {
		must(t, err)
		got = append(got, string(line))
	}
	if !slices.Equal(got, []string{"one", "", "two"}) {
		t.Errorf("got %q", got)
	}
}

func TestARunThatCannotBeWrittenIsNotKept(t *testing.T) {
	l := Ledger(t.TempDir())
	_, err := l.Keep(steer.Status{ID: "copy-a", Ended: noon}, func(yield func([]byte, error) bool) { yield(nil, os.ErrPermission) }, nil)
	if err == nil {
		t.Fatal("it is said to be kept")
	}
	if got := ids(t, l, time.Time{}); len(got) > 0 {
		t.Errorf("there are %q", got)
	}
	if left, _ := filepath.Glob(string(l) + "/*/*"); len(left) > 0 {
		t.Errorf("left are %q", left)
	}
}

func TestTheOldestGoFirst(t *testing.T) {
	l := Ledger(t.TempDir())
	big := strings.Repeat("x", 10_000)
	keep(t, l, "copy-old", noon.AddDate(0, 0, -31), "1")
	keep(t, l, "copy-big", noon.AddDate(0, 0, -2), big)
	keep(t, l, "copy-large", noon.AddDate(0, 0, -1), big)
	keep(t, l, "copy-new", noon, "1")
	limits := Limits{Age: 30 * 24 * time.Hour, Bytes: 12_000}
	must(t, l.Prune(noon, limits, 0))
	if got := ids(t, l, time.Time{}); !slices.Equal(got, []string{"copy-large.1", "copy-new.1"}) {
		t.Errorf("kept are %q", got)
	}
	if days, _ := os.ReadDir(string(l)); len(days) != 4 { // and the mark and the lock
		t.Errorf("there are %v", days)
	}

	// Once a day is enough, unless much has come.
	limits.Bytes = 1
	must(t, l.Prune(noon.Add(time.Hour), limits, 0))
	if got := ids(t, l, time.Time{}); len(got) != 2 {
		t.Errorf("kept are %q", got)
	}
	must(t, l.Prune(noon.Add(time.Hour), limits, 100))
	if got := ids(t, l, time.Time{}); !slices.Equal(got, []string{"copy-new.1"}) { // the newest stays, however large
		t.Errorf("kept are %q", got)
	}
}
