package transfer

import (
	"path/filepath"
	"testing"
	"time"

	"gantry/connectors"
	"gantry/transfer/docket"
)

var clipsWay = docket.Way{From: "source", FromPath: "clip", To: "to0", ToPath: "clip"}

// twoOfOneWay gives two jobs that were broken off, each with an upload of its own.
func (s *stage) twoOfOneWay(second string) (jobs [2]Job, to *script, data []byte) {
	s.t.Helper()
	first, to, data := s.brokenOff(6)
	taken, _ := docket.In(filepath.Join(s.dir, "uploads")).Claim(clipsWay, time.Now())
	if len(taken) != 1 {
		s.t.Fatalf("dockets are %v", taken)
	}
	other := first
	other.ID = second
	to.writes.Store(0)
	s.fails(other, connectors.KindPermission) // it begins its own, since the first is busy
	taken[0].Release()
	if left := s.unfinished(to.Place); len(left) != 2 {
		s.t.Fatalf("uploads are %v", left)
	}
	to.write = nil
	to.writes.Store(0)
	return [2]Job{first, other}, to, data
}

// Two jobs may have one way. Neither gives up what the other has sent.
func TestAPausedJobsUploadIsLeftToIt(t *testing.T) {
	t.Parallel()
	for name, other := range map[string]func(*stage){
		"in one journal": func(*stage) {},
		"in another":     (*stage).withoutJournal,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStage(t)
			jobs, to, data := s.twoOfOneWay("job-other")
			other(s)
			if c := s.run(jobs[1]).Copies[0]; c.Resumed != 3 {
				t.Errorf("the second job: %+v", c)
			}
			if left := s.unfinished(to.Place); len(left) != 1 {
				t.Fatalf("of the first job there is left: %v", left)
			}
			if c := s.run(jobs[0]).Copies[0]; c.Resumed != 3 {
				t.Errorf("the first job: %+v", c)
			}
			s.holds("a", "clip", data)
		})
	}
}

// An upload that nobody has gone on with for long is given up, unless it is in the journal.
func TestAnOldUploadOfTheSameWayIsGivenUp(t *testing.T) {
	t.Parallel()
	for name, at := range map[string]struct {
		lose bool
		left int
	}{"that nobody knows": {true, 0}, "that the journal has": {false, 1}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStage(t)
			jobs, to, _ := s.twoOfOneWay("job-other")
			if at.lose {
				s.withoutJournal()
			}
			s.engine.o.Now = func() time.Time { return time.Now().Add(waited + time.Hour) }
			s.run(jobs[1])
			if left := s.unfinished(to.Place); len(left) != at.left {
				t.Errorf("left are %v", left)
			}
		})
	}
}

// Who finds a docket that nobody holds may write to its upload at once.
func TestADocketIsHeldAsLongAsTheUploadIs(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	s.file("clip", 6*part)
	to := &script{Place: s.folder("a"), write: failFrom(4, connectors.KindPermission)}
	var free []*docket.Held
	to.rest = func() {
		f, _ := docket.In(filepath.Join(s.dir, "uploads")).Claim(clipsWay, time.Now())
		free = append(free, f...)
	}
	s.fails(s.job("clip", to), connectors.KindPermission)
	for _, h := range free {
		h.Release()
		t.Errorf("the docket of %s was let go before the upload was at rest", h.ID)
	}
	if to.rests.Load() == 0 {
		t.Error("the upload was not laid down")
	}
	if after, _ := docket.In(filepath.Join(s.dir, "uploads")).Claim(clipsWay, time.Now()); len(after) != 1 {
		t.Errorf("then %d dockets are free", len(after))
	}
}
