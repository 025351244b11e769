package transfer

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	"gantry/connectors"
)

// A dated shelf has no versions: it opens all of a file by its size and time.
type datedShelf struct{ *shelf }

func (s datedShelf) PinsByTime() {}

func (s datedShelf) Stat(ctx context.Context, path string) (connectors.Entry, error) {
	e, err := s.shelf.Stat(ctx, path)
	e.Version = ""
	return e, err
}

func (s datedShelf) OpenAs(ctx context.Context, e connectors.Entry, offset, length int64) (io.ReadCloser, error) {
	now, err := s.script.Place.Stat(ctx, e.Path)
	if err == nil && (e.Version != "" || offset != 0 || length != e.Size || !now.ModTime.Truncate(time.Second).Equal(e.ModTime)) {
		err = connectors.Errorf(connectors.KindChanged, "open", e.Path, "it is another by now")
	}
	if err != nil {
		return nil, err
	}
	return s.shelf.OpenAs(ctx, e, offset, length)
}

// A small file of a listing that has no version is not asked for before and after: the
// answer that brings it tells its time. One that may be written within the tick of that
// time is.
func TestAListedFileWithoutAVersionIsReadByItsTime(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		age   time.Duration
		asked bool
		kind  connectors.Kind
	}{
		{"it had rested", time.Hour, false, ""},
		{"its time is to come", -time.Hour, true, ""},
		{"it was written since", time.Hour, false, connectors.KindChanged},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := newStage(t)
			s.timed()
			data := s.file("clip", part-9)
			at := time.Now().Add(-c.age).Truncate(time.Second)
			clip := filepath.Join(s.dir, "source", "clip")
			must(t, os.Chtimes(clip, at, at))
			from := datedShelf{&shelf{script: s.source}}
			e, err := from.Stat(s.ctx, "clip")
			must(t, err)
			if c.kind != "" {
				must(t, os.Chtimes(clip, at.Add(time.Minute), at.Add(time.Minute)))
			}
			from.asked.Store(0)
			job := s.job("clip", s.folder("a"))
			job.Source.Place, job.Source.Seen = from, &e
			if c.kind != "" {
				s.fails(job, c.kind)
				return
			}
			s.run(job)
			s.holds("a", "clip", data)
			if asked := from.asked.Load(); (asked > 0) != c.asked {
				t.Errorf("it was asked %d times", asked)
			}
		})
	}
}
