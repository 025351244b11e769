package journal_test

import (
	"testing"

	"gantry/transfer/journal"
)

// The receipt takes the place of what was begun without waiting.
func TestFinishAtOnce(t *testing.T) {
	j, err := journal.Open(t.TempDir(), journal.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer j.Close()
	target := journal.Target{Location: "archive", Path: "clip"}
	begun := j.BeginSoon(journal.Job{ID: "job"}, journal.Upload{Target: target, ID: "upload"})
	if err := j.FinishAtOnce("job", "done", target); err != nil {
		t.Fatal(err)
	}
	if err := begun(); err != nil {
		t.Fatal(err)
	}
	r, err := j.Record("job")
	if err != nil || string(r.Receipt) != `"done"` || r.Job != nil || len(r.Uploads) > 0 {
		t.Errorf("%+v, %v", r, err)
	}
	for u, err := range j.Uploads("job") {
		t.Errorf("%+v is left behind, %v", u, err)
	}
	if err := j.BeginSoon(journal.Job{}, journal.Upload{})(); err == nil {
		t.Error("a job without a name was begun")
	}
}
