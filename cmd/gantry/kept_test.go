package main

import (
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"gantry/transfer"
	"gantry/transfer/steer"
)

// A process that is killed after the receipts were kept, and before the transfer was
// forgotten, leaves them in the journal: the next one keeps only what came since.
func TestReceiptsAreKeptOnce(t *testing.T) {
	state := t.TempDir()
	t.Setenv("XDG_STATE_HOME", state)
	a := &app{}
	dir := filepath.Join(state, "gantry", "copy", "0123456789abcdef")
	f := steer.Found{Record: steer.Record{ID: "copy-0123456789abcdef"}, Dir: dir}
	at := time.Date(2026, 5, 2, 12, 0, 0, 0, time.UTC)
	done := func(m *memory, job string) {
		t.Helper()
		at = at.Add(time.Second)
		err := m.journal.Finish(job, transfer.Receipt{
			Job: job, Started: at, Finished: at, Source: transfer.ReceiptSource{Path: job}, Copies: []transfer.Copy{{Path: "to/" + job}},
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	for run, jobs := range [][]string{{"a", "b"}, {"c"}, nil, {"a"}} {
		m, err := a.recall(dir)
		if err != nil {
			t.Fatal(err)
		}
		for _, job := range jobs {
			done(m, job)
		}
		if err := a.keepLeft(f, steer.Status{ID: f.ID, State: steer.StateCancelled, Ended: at}, m.journal); err != nil {
			t.Fatal(err)
		}
		if err := m.Close(); err != nil { // and is killed: it does not forget
			t.Fatal(run, err)
		}
	}
	l, err := receipts()
	if err != nil {
		t.Fatal(err)
	}
	runs, err := l.List(time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]int{}
	for _, run := range runs {
		for r, err := range results(run.Lines()) {
			if err != nil {
				t.Fatal(err)
			}
			seen[fmt.Sprint(r.Receipt.Job, " ", r.Receipt.Finished.Unix()-at.Unix())]++
		}
	}
	if fmt.Sprint(seen) != "map[a -3:1 a 0:1 b -2:1 c -1:1]" || len(runs) != 3 {
		t.Errorf("%d runs have %v", len(runs), seen)
	}
}
