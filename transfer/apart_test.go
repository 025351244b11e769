package transfer

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"gantry/connectors"
	"gantry/connectors/promise"
)

// markedSource is a folder that does not say where it is, so that it has to be found out
// by a mark; remove scripts how that is removed.
type markedSource struct {
	connectors.Place
	remove func(next func() error) error
}

func (p markedSource) Remove(ctx context.Context, path string) error {
	next := func() error { return p.Place.Remove(ctx, path) }
	if !promise.IsMark(path) {
		return next()
	}
	return p.remove(next)
}

func TestALostAnswerToTheRemovalOfAMark(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	data := s.file("clip", 3*part)
	calls := 0
	job := moving(s, "clip", s.folder("a"))
	job.Source.Place = markedSource{s.folder("source"), func(next func() error) error {
		if calls++; calls == 1 {
			must(t, next())
			return connectors.Errorf(connectors.KindUnavailable, "remove", "mark", "the connection was lost")
		}
		return next()
	}}
	s.run(job)
	s.holds("a", "clip", data)
	s.has("source")
	if calls != 2 {
		t.Errorf("the mark was removed %d times", calls)
	}
}

func TestAMarkThatAKillHasLeftIsRemovedByTheNextMove(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	data := s.file("clip", 3*part)
	job := moving(s, "clip", s.folder("a"))
	job.Source.Place = markedSource{s.folder("source"), func(func() error) error {
		return connectors.Errorf(connectors.KindPermission, "remove", "mark", "killed before")
	}}
	s.fails(job, connectors.KindPermission)
	if s.marksIn("source") != 1 {
		t.Fatal("there is no mark to be removed")
	}
	s.start()
	job.Source.Place = markedSource{s.folder("source"), func(next func() error) error { return next() }}
	s.run(job)
	s.has("source")
	s.holds("a", "clip", data)
}

func (s *stage) marksIn(folder string) (n int) {
	entries, err := os.ReadDir(filepath.Join(s.dir, folder))
	must(s.t, err)
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), ".gantry-probe-") {
			n++
		}
	}
	return n
}

func TestWhatIsKnownOfTwoFoldersIsForgotten(t *testing.T) {
	t.Parallel()
	var a aparts
	now := time.Unix(1e9, 0)
	a.put("pair", true, now)
	if same, known := a.get("pair", now.Add(apartFor)); !same || !known {
		t.Error("it is forgotten at once")
	}
	if _, known := a.get("pair", now.Add(apartFor+time.Second)); known {
		t.Error("it is believed for ever")
	}
	for n := range 10 * mostApart {
		a.put(strings.Repeat("x", n%50)+time.Unix(int64(n), 0).String(), false, now)
	}
	if len(a.known) > mostApart {
		t.Errorf("%d pairs are kept", len(a.known))
	}
}

func TestASourceThatSomebodyElseRemovesIsNotSaidToBeRemoved(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	data := s.file("clip", 3*part)
	to := &script{Place: s.folder("a")}
	job := moving(s, "clip", to)
	job.Source.Place = vanishing{s.folder("source"), s}
	receipt := s.run(job)
	if !receipt.Removed.IsZero() || !receipt.Removing.IsZero() || len(receipt.Source.Notes) != 1 {
		t.Errorf("got %+v", receipt)
	}
	s.holds("a", "clip", data)
}

// vanishing is a folder whose file somebody takes away as soon as its receipt is written.
type vanishing struct {
	connectors.Place
	s *stage
}

func (p vanishing) Stat(ctx context.Context, path string) (connectors.Entry, error) {
	if record, err := p.s.journal.Record("job-clip"); err == nil && record.Receipt != nil {
		_ = os.Rename(filepath.Join(p.s.dir, "source", "clip"), filepath.Join(p.s.dir, "archived"))
	}
	return p.Place.Stat(ctx, path)
}

func TestNamesThatMayBeOneOnSomeServer(t *testing.T) {
	t.Parallel()
	for _, pair := range [][2]string{{"A.mxf", "a.MXF"}, {"a.mxf", "a.mxf. "}, {"Straße", "STRASSE"}, {"e\u0301.mov", "é.mov"}, {"LONGNA~1.MOV", "long name.mov"}} {
		if !alike(pair[0], pair[1]) {
			t.Errorf("%q and %q", pair[0], pair[1])
		}
	}
	if alike("a.mxf", "b.mxf") {
		t.Error("two names are two")
	}
}
