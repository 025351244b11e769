package transfer

import (
	"context"
	"errors"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gantry/connectors"
)

func moving(s *stage, name string, to ...connectors.Sink) Job {
	job := s.job(name, to...)
	job.Source.Place = s.source.Place // whose files can be deleted, and found on disk
	job.Move = MoveProved
	return job
}

func TestAMoveDeletesTheSourceOnItsReceipt(t *testing.T) {
	s := newStage(t)
	data := s.file("clip", 3*part)
	b := &script{Place: s.folder("b")}
	b.commit = func(_ int, next func() (connectors.Entry, error)) (connectors.Entry, error) {
		if _, err := os.Stat(filepath.Join(s.dir, "source", "clip")); err != nil {
			t.Errorf("the source is gone before the last copy is made: %v", err)
		}
		return next()
	}
	job := moving(s, "clip", s.folder("a"), b)
	receipt := s.run(job)
	s.holds("a", "clip", data)
	s.holds("b", "clip", data)
	s.has("source")
	if receipt.Removed.IsZero() {
		t.Errorf("the receipt does not say so: %+v", receipt)
	}
	s.start()
	if again := s.run(job); !again.Removed.Equal(receipt.Removed) {
		t.Errorf("got %v, then %v", receipt.Removed, again.Removed)
	}
	// Another file by the same name is another one to move.
	other := content(5, part)
	s.put("clip", other)
	s.run(job)
	s.holds("a", "clip", other)
	s.has("source")
}

// leaving is a folder whose files are removed as remove says.
type leaving struct {
	connectors.Place
	remove func(next func() error) error
}

func (l leaving) Remove(ctx context.Context, path string) error {
	if path != "clip" { // what was put beside it for a moment
		return l.Place.Remove(ctx, path)
	}
	return l.remove(func() error { return l.Place.Remove(ctx, path) })
}

func TestAMoveGoesOnAfterACrash(t *testing.T) {
	crash := connectors.Errorf(connectors.KindPermission, "remove", "clip", "as scripted")
	for name, before := range map[string]bool{"just before the deletion": true, "just after it": false} {
		t.Run(name, func(t *testing.T) {
			s := newStage(t)
			data := s.file("clip", 3*part)
			job := moving(s, "clip", s.folder("a"))
			whole := job.Source.Place.(connectors.Place)
			job.Source.Place = leaving{whole, func(next func() error) error {
				if record, err := s.journal.Record(job.ID); err != nil || record.Receipt == nil {
					t.Errorf("it is deleted without a receipt: %v", err)
				}
				if before {
					return crash
				}
				return errors.Join(next(), crash)
			}}
			s.fails(job, connectors.KindPermission)
			s.holds("a", "clip", data)
			s.start()
			job.Source.Place = whole
			receipt := s.run(job)
			s.holds("a", "clip", data)
			s.has("source")
			if receipt.Removed.IsZero() {
				t.Errorf("got %+v", receipt)
			}
		})
	}
}

func TestAMoveDeletesNothingElse(t *testing.T) {
	s := newStage(t)
	s.file("clip", 3*part)
	to := &script{Place: s.folder("a")}
	job := moving(s, "clip", to)
	taken := content(8, 2*part)
	to.stat = func(call int, e connectors.Entry, err error) (connectors.Entry, error) { return e, err }
	to.commit = func(call int, next func() (connectors.Entry, error)) (connectors.Entry, error) {
		e, err := next()
		if call == 1 { // somebody records over it at this moment
			s.put("clip", taken)
		}
		return e, err
	}
	_, err := s.fails(job, connectors.KindChanged)
	if err == nil {
		t.Fatal("it was not told")
	}
	s.holds("source", "clip", taken)
	s.run(job)
	s.holds("a", "clip", taken)
	s.has("source")
}

func TestASizeIsNoReasonToDelete(t *testing.T) {
	s := newStage(t)
	data := s.file("clip", 3*part)
	job := moving(s, "clip", &script{Place: s.folder("a"), unstaged: true})
	job.Verify = VerifySize
	s.fails(job, connectors.KindIntegrity)
	s.holds("a", "clip", data)
	s.holds("source", "clip", data)
	job.Move = MoveAnyway
	s.run(job)
	s.has("source")
}

func TestAFileIsNotMovedOntoItself(t *testing.T) {
	s := newStage(t)
	data := s.file("day/clip", 2*part)
	must(t, os.Symlink(filepath.Join(s.dir, "source", "day"), filepath.Join(s.dir, "linked")))
	for name, place := range map[string]connectors.Place{
		"another location of the folder": openFolder(t, filepath.Join(s.dir, "source", "day")),
		"through a link":                 openFolder(t, filepath.Join(s.dir, "linked")),
		"not known to be of this disk":   hidden{openFolder(t, filepath.Join(s.dir, "source", "day"))},
	} {
		t.Run(name, func(t *testing.T) {
			job := moving(s, "day/clip", place)
			job.ID, job.Destinations[0].Path = name, "clip"
			_, err := s.engine.Run(s.ctx, job)
			if connectors.KindOf(err) != connectors.KindInvalid {
				t.Errorf("got %v", err)
			}
			s.holds("source", "day/clip", data)
		})
	}
}

// hidden is a place that does not say where its files are.
type hidden struct{ connectors.Place }

func TestWhatCannotBeDeletedIsNotMoved(t *testing.T) {
	s := newStage(t)
	job := s.job("card", s.folder("a"))
	job.Source.Place, job.Move = Bytes("card", []byte("frames")), MoveProved
	s.fails(job, connectors.KindUnsupported)
	s.has("a")
}

// The same bucket by two names of its host, and the same folder by two protocols: to
// delete the one is to delete the other.
func TestTwoPlacesThatAreOneAreFoundOut(t *testing.T) {
	w := theWorld(t)
	local, sftp, bucket := w.locations[0], w.locations[1], w.locations[3]
	remote, err := url.Parse(sftp.URL)
	must(t, err)
	ends := map[string][2]connectors.Location{
		"a bucket by two names of its host": {bucket, {Name: "again", URL: strings.Replace(bucket.URL, "127.0.0.1", "localhost", 1), Options: bucket.Options}},
		"a folder by two protocols":         {sftp, {Name: "again", URL: "file://" + remote.Path}},
		"two folders":                       {local, sftp},
	}
	for name, ends := range ends {
		t.Run(name, func(t *testing.T) {
			s := newStage(t)
			file := "moved-" + strings.ReplaceAll(name, " ", "-")
			data := s.file("in/"+file, 3*part)
			from, to := w.open(t, ends[0]), w.open(t, ends[1])
			there := s.job("in/"+file, from)
			there.ID = "there"
			s.run(there)
			job := Job{
				ID: "moved", Move: MoveProved, Source: Source{Place: from, Location: ends[0].Name, Path: "in/" + file},
				Destinations: []Destination{{Place: to, Location: ends[1].Name, Path: "in/" + file}},
			}
			_, err := s.engine.Run(s.ctx, job)
			if two := name == "two folders"; two != (err == nil) || !two && connectors.KindOf(err) != connectors.KindInvalid {
				t.Errorf("got %v", err)
			}
			w.delivered(t, ends[1], file, data)
			for e, err := range from.List(s.ctx, "in") {
				if must(t, err); strings.Contains(e.Path, "gantry-probe") {
					t.Errorf("%s is left", e.Path)
				}
			}
		})
	}
}

type removes struct {
	*script
	remove func(ctx context.Context, path string) error
}

func (p removes) Remove(ctx context.Context, path string) error { return p.remove(ctx, path) }

func TestARepeatedDeletionLeavesTheNextTake(t *testing.T) {
	s := newStage(t)
	data := s.file("clip", 3*part)
	next := content(88, 2*part)
	calls := 0
	place := removes{s.source, nil}
	place.remove = func(ctx context.Context, path string) error {
		err := s.source.Place.Remove(ctx, path)
		if path != "clip" {
			return err
		}
		if calls++; calls == 1 { // the answer is lost, and the recorder begins the next take
			must(t, err)
			s.put("clip", next)
			return connectors.Errorf(connectors.KindUnavailable, "remove", path, "the connection was lost")
		}
		return err
	}
	job := s.job("clip", s.folder("a"))
	job.Source.Place, job.Move = place, MoveProved
	s.fails(job, connectors.KindChanged)
	s.holds("a", "clip", data)
	if got := s.bytes("source", "clip"); string(got) != string(next) || calls != 1 {
		t.Errorf("the next take has %d bytes; %d deletions", len(got), calls)
	}
}
