package transfer

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
	"time"

	"gantry/transfer/chunk"
	"gantry/transfer/docket"
)

// withoutJournal takes the journal away from the stage.
func (s *stage) withoutJournal() {
	s.t.Helper()
	must(s.t, s.journal.Close())
	s.journal = nil
	must(s.t, os.RemoveAll(filepath.Join(s.dir, "journal")))
	s.start()
}

// redocket changes the only docket.
func (s *stage) redocket(change func(*docket.Docket)) {
	s.t.Helper()
	found, _ := filepath.Glob(filepath.Join(s.dir, "uploads", "*"))
	if len(found) != 1 {
		s.t.Fatalf("dockets are %v", found)
	}
	data, err := os.ReadFile(found[0])
	must(s.t, err)
	var d docket.Docket
	must(s.t, json.Unmarshal(data, &d))
	change(&d)
	data, err = json.Marshal(d)
	must(s.t, err)
	must(s.t, os.WriteFile(found[0], data, 0o600))
}

// A plan that the engine would not have made costs nothing: the upload is taken up by the
// plan of this run.
func TestADocketsPlanIsBelievedOnlyIfItCouldBeOurs(t *testing.T) {
	t.Parallel()
	const size = 6 * part
	for name, at := range map[string]struct {
		said  chunk.Plan
		parts int
	}{
		"as it was":       {chunk.Plan{Size: size, PartSize: part}, 6},
		"larger parts":    {chunk.Plan{Size: size, PartSize: 2 * part}, 3},
		"a part a byte":   {chunk.Plan{Size: size, PartSize: 1}, 6},
		"small parts":     {chunk.Plan{Size: size, PartSize: part / 2}, 6},
		"one part":        {chunk.Plan{Size: size, PartSize: 1 << 62}, 6},
		"no size":         {chunk.Plan{Size: size, PartSize: -1}, 6},
		"growing parts":   {chunk.Plan{Size: size, PartSize: part, Doubles: 1}, 6},
		"another file":    {chunk.Plan{Size: 7 * part, PartSize: 2 * part}, 6},
		"a growing file":  {chunk.Plan{Size: -1, PartSize: 1}, 6},
		"less than it is": {chunk.Plan{Size: size, PartSize: part, Doubles: -1}, 6},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStage(t)
			job, to, data := s.brokenOff(6)
			s.withoutJournal()
			s.redocket(func(d *docket.Docket) { d.Plan = at.said })
			to.write = nil
			ctx, cancel := context.WithTimeout(s.ctx, 20*time.Second)
			defer cancel()
			s.ctx = ctx
			if c := s.run(job).Copies[0]; c.Parts != at.parts || c.SentBytes > 4*part {
				t.Errorf("got %+v", c)
			}
			s.holds("a", "clip", data)
		})
	}
}

// A large file's parts are bounded in their number, and by the memory.
func TestThePlansOfALargeFileAreBounded(t *testing.T) {
	t.Parallel()
	s := newStage(t, func(o *Options) { o.PartSize = 0 })
	r := &run{e: s.engine}
	const size = 100 << 30
	today, err := chunk.New(size, chunk.Preferred)
	must(t, err)
	r.planned.Store(&today)
	for partSize, want := range map[int64]bool{
		1: false, 256 << 10: false, 1 << 20: false, 4 << 20: true, 8 << 20: true, 16 << 20: true, 17 << 20: false, 10 << 30: false,
	} {
		if got := r.credible(chunk.Plan{Size: size, PartSize: partSize}); got != want {
			t.Errorf("parts of %d bytes: %v", partSize, got)
		}
	}
}
