package transfer

import (
	"context"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"

	"gantry/connectors"
)

// taking is a folder that takes files over as take says.
type taking struct {
	connectors.Place
	take func(next func() (connectors.Entry, error)) (connectors.Entry, error)
}

func (p taking) TakeOver(ctx context.Context, other any, from connectors.Entry, to string) (connectors.Entry, error) {
	return p.take(func() (connectors.Entry, error) { return p.Place.(connectors.Taker).TakeOver(ctx, other, from, to) })
}

func (p taking) Near(other any) bool { return p.Place.(connectors.Taker).Near(other) }

func (p taking) Identity(ctx context.Context, path string) (string, error) {
	return p.Place.(connectors.Identifier).Identity(ctx, path)
}

// crashing is a folder that takes a file over or does not, and then says no more, like
// one whose client was killed.
type crashing struct {
	taking
	renames bool
	dead    atomic.Bool
}

func (p *crashing) TakeOver(ctx context.Context, other any, from connectors.Entry, to string) (connectors.Entry, error) {
	if p.renames {
		if _, err := p.Place.(connectors.Taker).TakeOver(ctx, other, from, to); err != nil {
			return connectors.Entry{}, err
		}
	}
	p.dead.Store(true)
	return connectors.Entry{}, connectors.Errorf(connectors.KindOther, "rename", to, "as scripted")
}

func (p *crashing) Stat(ctx context.Context, path string) (connectors.Entry, error) {
	if p.dead.Load() {
		return connectors.Entry{}, connectors.Errorf(connectors.KindOther, "stat", path, "as scripted")
	}
	return p.Place.Stat(ctx, path)
}

func (s *stage) undecided(want int) {
	s.t.Helper()
	left, err := HalfRenamed(s.journal)
	must(s.t, err)
	if len(left) != want {
		s.t.Errorf("%d renames are undecided (%v), want %d", len(left), left, want)
	}
}

func TestAMoveInsideOneStorageIsARename(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	data := s.file("clip", 3*part)
	before, err := os.Stat(filepath.Join(s.dir, "source", "clip"))
	must(t, err)
	job := moving(s, "clip", s.folder("a"))
	receipt := s.run(job)
	s.holds("a", "clip", data)
	s.has("source")
	after, err := os.Stat(filepath.Join(s.dir, "a", "clip"))
	must(t, err)
	c := receipt.Copies[0]
	if !os.SameFile(before, after) || c.Proof != ProofRenamed || c.ProofReason == "" || c.SentBytes != 0 || !c.ServerSide || receipt.Removed.IsZero() || receipt.Size != 3*part {
		t.Errorf("it was copied: %+v", receipt)
	}
	s.undecided(0)
	s.unmarked()
	s.start()
	if again := s.run(job); !again.Removed.Equal(receipt.Removed) {
		t.Errorf("got %+v, then %+v", receipt, again)
	}
}

func TestARenamedFileHasTheDigestsThatAreAskedFor(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	data := s.file("clip", 3*part)
	job := moving(s, "clip", s.folder("a"))
	job.Expect = sums(t, data[:part], connectors.SHA256)
	s.fails(job, connectors.KindIntegrity)
	s.holds("source", "clip", data)
	s.has("a")
	job.Expect = sums(t, data, connectors.SHA256)
	job.Digests = []connectors.Algorithm{connectors.MD5}
	receipt := s.run(job)
	want := sums(t, data, connectors.SHA256, connectors.MD5, connectors.XXH128)
	if common, equal := want.Agree(receipt.Digests); receipt.Copies[0].Proof != ProofRenamed || common != 3 || !equal {
		t.Errorf("got %+v", receipt)
	}
	s.has("source")
}

func TestAMoveReplacesNothingByARename(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	data := s.file("clip", 3*part)
	a := s.folder("a")
	must(t, os.WriteFile(filepath.Join(s.dir, "a", "clip"), []byte("the last take"), 0o644))
	job := moving(s, "clip", a)
	job.Destinations[0].Exclusive = true
	s.fails(job, connectors.KindExists)
	s.holds("source", "clip", data)
	job.Destinations[0].Exclusive = false
	if c := s.run(job).Copies[0]; c.Proof == ProofRenamed {
		t.Errorf("got %+v", c)
	}
	s.holds("a", "clip", data)
	s.has("source")
}

func TestARenameThatIsKilledIsDecidedByTheNextRun(t *testing.T) {
	t.Parallel()
	for name, before := range map[string]bool{"before it": true, "before its receipt": false} {
		t.Run(name, func(t *testing.T) {
			s := newStage(t)
			data := s.file("clip", 3*part)
			job := moving(s, "clip")
			job.Destinations = []Destination{{Location: "a", Path: "clip", Place: &crashing{taking: taking{Place: s.folder("a")}, renames: !before}}}
			s.fails(job, connectors.KindOther)
			s.undecided(1)
			s.start()
			job.Destinations[0].Place = s.folder("a")
			receipt := s.run(job)
			if receipt.Copies[0].Proof != ProofRenamed || receipt.Removed.IsZero() || receipt.Source.Entry.Size != 3*part {
				t.Errorf("got %+v", receipt)
			}
			s.holds("a", "clip", data)
			s.has("source")
			s.undecided(0)
		})
	}
}

func TestALostAnswerToARename(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	data := s.file("clip", 3*part)
	job := moving(s, "clip", taking{s.folder("a"), func(next func() (connectors.Entry, error)) (connectors.Entry, error) {
		entry, err := next()
		if err == nil {
			err = connectors.Errorf(connectors.KindUnavailable, "rename", "clip", "the connection was lost")
		}
		return entry, err
	}})
	if receipt := s.run(job); receipt.Removed.IsZero() || receipt.Copies[0].Proof != ProofRenamed {
		t.Errorf("got %+v", receipt)
	}
	s.holds("a", "clip", data)
	s.has("source")
}

// The file at the destination is the one of the note, or somebody else's.
func TestAStrangerIsNotTakenForTheRenamedFile(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	s.file("clip", 3*part)
	job := moving(s, "clip", taking{s.folder("a"), func(func() (connectors.Entry, error)) (connectors.Entry, error) {
		return connectors.Entry{}, connectors.Errorf(connectors.KindOther, "rename", "clip", "killed")
	}})
	s.fails(job, connectors.KindOther)
	info, err := os.Stat(filepath.Join(s.dir, "source", "clip"))
	must(t, err)
	// Held, so that its inode is not given to the other file.
	must(t, os.Rename(filepath.Join(s.dir, "source", "clip"), filepath.Join(s.dir, "elsewhere")))
	other := content(9, 3*part)
	must(t, os.WriteFile(filepath.Join(s.dir, "a", "clip"), other, 0o644))
	must(t, os.Chtimes(filepath.Join(s.dir, "a", "clip"), info.ModTime(), info.ModTime()))
	s.start()
	job.Destinations[0].Place = s.folder("a")
	s.fails(job, connectors.KindNotFound)
	s.holds("a", "clip", other)
}

func TestOnlyTheVersionThatWasSeenIsRenamed(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	s.file("clip", 3*part)
	next := content(8, 2*part)
	job := moving(s, "clip", taking{s.folder("a"), func(rename func() (connectors.Entry, error)) (connectors.Entry, error) {
		s.put("clip", next) // the next take, at the last moment
		return rename()
	}})
	s.fails(job, connectors.KindChanged)
	s.holds("source", "clip", next)
	s.has("a")
	s.undecided(0)
	job.Destinations[0].Place = s.folder("a")
	s.run(job)
	s.holds("a", "clip", next)
}

func TestOneWhoseContentOthersCanChangeIsCopied(t *testing.T) {
	t.Parallel()
	for name, share := range map[string]func(path string) error{
		"it has a second name": func(path string) error { return os.Link(path, path+".second") },
		"it is being written": func(path string) error {
			f, err := os.OpenFile(path, os.O_WRONLY, 0)
			if err == nil {
				t.Cleanup(func() { _ = f.Close() })
			}
			return err
		},
	} {
		s := newStage(t)
		data := s.file("clip", 3*part)
		must(t, share(filepath.Join(s.dir, "source", "clip")))
		receipt := s.run(moving(s, "clip", s.folder("a")))
		if c := receipt.Copies[0]; c.Proof == ProofRenamed || c.SentBytes != int64(len(data)) {
			t.Errorf("%s: %+v", name, c)
		}
		s.holds("a", "clip", data)
	}
}

// distant is a folder that is not on the storage of any other.
type distant struct{ taking }

func (distant) Near(any) bool { return false }

func TestNothingIsReadForARenameThatCannotBe(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	s.file("clip", 3*part)
	reads := func(move Move, to string) int32 {
		source := &script{Place: s.source}
		job := moving(s, "clip", distant{taking{Place: s.folder(to)}})
		job.ID, job.Move, job.Source.Place, job.Digests = to, move, source, []connectors.Algorithm{connectors.MD5}
		s.run(job)
		return source.opens.Load()
	}
	if copied, moved := reads(Keep, "a"), reads(MoveProved, "b"); copied != moved {
		t.Errorf("a copy opens the source %d times, a move %d times", copied, moved)
	}
}

// The answer to the rename is lost, and the job is cancelled: the file has moved.
func TestARenameIsOnRecordThoughItWasCancelled(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	data := s.file("clip", 3*part)
	job := moving(s, "clip")
	job.Destinations = []Destination{{Location: "a", Path: "clip", Place: taking{s.folder("a"), func(next func() (connectors.Entry, error)) (connectors.Entry, error) {
		_, err := next()
		must(t, err)
		s.engine.Cancel(job.ID)
		return connectors.Entry{}, connectors.Errorf(connectors.KindUnavailable, "rename", "clip", "the connection was lost")
	}}}}
	if receipt := s.run(job); receipt.Removed.IsZero() || receipt.Copies[0].Proof != ProofRenamed {
		t.Errorf("got %+v", receipt)
	}
	s.holds("a", "clip", data)
	s.has("source")
	s.undecided(0)
}

// Killed after the rename, the next run finds another take under the old name.
func TestTheNextTakeDoesNotHideARename(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	data := s.file("clip", 3*part)
	job := moving(s, "clip")
	job.Destinations = []Destination{{Location: "a", Path: "clip", Place: &crashing{taking: taking{Place: s.folder("a")}, renames: true}}}
	s.fails(job, connectors.KindOther)
	s.put("clip", content(8, 2*part))
	s.start()
	job.Destinations[0].Place = s.folder("a")
	if receipt := s.run(job); receipt.Size != int64(len(data)) || receipt.Copies[0].Proof != ProofRenamed {
		t.Errorf("got %+v", receipt)
	}
	s.holds("a", "clip", data)
	s.holds("source", "clip", content(8, 2*part))
}
