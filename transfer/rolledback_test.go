package transfer

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"gantry/connectors"
	"gantry/transfer/journal"
)

// backup copies the journal as it is on the disk, and gives what puts it back.
func (s *stage) backup() (restore func()) {
	s.t.Helper()
	kept := filepath.Join(s.t.TempDir(), "kept")
	must(s.t, s.journal.Close())
	must(s.t, os.CopyFS(kept, os.DirFS(filepath.Join(s.dir, "journal"))))
	s.journal = nil
	s.start()
	return func() {
		s.t.Helper()
		must(s.t, s.journal.Close())
		s.journal = nil
		must(s.t, os.RemoveAll(filepath.Join(s.dir, "journal")))
		must(s.t, os.CopyFS(filepath.Join(s.dir, "journal"), os.DirFS(kept)))
		s.start()
	}
}

// unfinished are the uploads that a sweep finds, of these paths if any are named.
func (s *stage) unfinished(place connectors.Place, paths ...string) (ids []string) {
	s.t.Helper()
	sweeper, ok := connectors.As[connectors.Sweeper](place)
	if !ok {
		s.t.Fatal("the place has no sweeper")
	}
	for u, err := range sweeper.Unfinished(s.ctx, "") {
		must(s.t, err)
		if len(paths) == 0 || slices.Contains(paths, u.Path) {
			ids = append(ids, u.ID)
		}
	}
	return ids
}

// brokenOff is a job of so many parts that has failed behind its third.
func (s *stage) brokenOff(parts int) (job Job, to *script, data []byte) {
	s.t.Helper()
	data = s.file("clip", parts*part)
	to = &script{Place: s.folder("a"), write: failFrom(4, connectors.KindPermission)}
	job = s.job("clip", to)
	s.fails(job, connectors.KindPermission)
	return job, to, data
}

func TestAJournalFromBeforeTheCommitFindsTheFile(t *testing.T) {
	s := newStage(t)
	job, to, data := s.brokenOff(6)
	restore := s.backup()
	to.write = nil
	s.run(job)
	restore() // the upload that it names is gone, and the file is there
	to.writes.Store(0)
	receipt := s.run(job)
	s.holds("a", "clip", data)
	if c := receipt.Copies[0]; to.writes.Load() != 0 || c.SentBytes != 0 {
		t.Errorf("%d parts were sent again: %+v", to.writes.Load(), c)
	}
	s.unmarked()
}

func TestAJournalFromBeforeTheCommitIsNotMisledByAnotherFile(t *testing.T) {
	s := newStage(t)
	job, to, data := s.brokenOff(6)
	restore := s.backup()
	to.write = nil
	s.run(job)
	must(t, os.WriteFile(filepath.Join(s.dir, "a", "clip"), content(77, 6*part), 0o644)) // of the same size
	restore()
	s.run(job)
	s.holds("a", "clip", data)
}

func TestAnOlderJournalKnowsFewerParts(t *testing.T) {
	s := newStage(t, func(o *Options) { o.Parallel = 1 })
	read := readParts(s)
	job, to, data := s.brokenOff(12)
	restore := s.backup()
	to.write = failFrom(9, connectors.KindPermission)
	s.fails(job, connectors.KindPermission)
	restore()
	to.write = nil
	read()
	if c := s.run(job).Copies[0]; c.Resumed != 3 || c.SentBytes != 9*part {
		t.Errorf("got %+v", c)
	}
	s.holds("a", "clip", data)
}

// What was sent since is found at the place, and compared with the source.
func TestAMuchOlderJournalFindsWhatWasSentSince(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	job, to, data := s.brokenOff(30)
	restore := s.backup()
	before := int(to.writes.Load())
	to.write = failFrom(before+20, connectors.KindPermission)
	s.fails(job, connectors.KindPermission)
	restore()
	to.write = nil
	to.writes.Store(0)
	if c := s.run(job).Copies[0]; c.Resumed < 20 || int(to.writes.Load()) > 10 {
		t.Errorf("%d parts were sent: %+v", to.writes.Load(), c)
	}
	s.holds("a", "clip", data)
	s.unmarked()
}

// The journal of another machine, or of a state of things that is no more: it names
// an upload that nobody knows.
func TestAJournalOfAnotherMachineCostsSendingAgain(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	job, a, data := s.brokenOff(6)
	elsewhere := &script{Place: s.folder("elsewhere")}
	job.Destinations[0].Place = elsewhere
	if c := s.run(job).Copies[0]; c.Resumed != 0 || c.SentBytes != int64(len(data)) {
		t.Errorf("got %+v", c)
	}
	s.holds("elsewhere", "clip", data)
	if left := s.unfinished(a.Place); len(left) != 1 {
		t.Errorf("a sweep finds %v of the first machine", left)
	}
}

// Without its journal a job finds what it had begun.
func TestALostJournalCostsAReading(t *testing.T) {
	t.Parallel()
	for name, lose := range map[string]func(dir string) error{
		"deleted": os.RemoveAll,
		"its tables cut": func(dir string) error {
			tables, err := filepath.Glob(filepath.Join(dir, "store", "*"))
			for _, file := range tables {
				if info, err := os.Stat(file); err == nil && info.Size() > 10 {
					must(t, os.Truncate(file, info.Size()/2))
				}
			}
			return err
		},
		"its manifest gone": func(dir string) error {
			return os.WriteFile(filepath.Join(dir, "store", "MANIFEST"), []byte("?"), 0o600)
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStage(t)
			job, to, data := s.brokenOff(6)
			must(t, s.journal.Close())
			s.journal = nil
			must(t, lose(filepath.Join(s.dir, "journal")))
			j, err := journal.Recover(filepath.Join(s.dir, "journal"), journal.Options{})
			must(t, err)
			must(t, j.Close())
			s.start()
			to.write = nil
			if c := s.run(job).Copies[0]; c.Resumed < 3 || c.SentBytes > 3*part {
				t.Errorf("got %+v", c)
			}
			s.holds("a", "clip", data)
		})
	}
}
