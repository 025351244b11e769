package transfer

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"gantry/connectors"
	"gantry/transfer/growing"
)

// A mount that is away for seconds is no end of a recording: not when its folder is
// not there, and not when an empty one stands in its place.
func TestARecordingWhoseVolumeIsAway(t *testing.T) {
	t.Parallel()
	for name, empty := range map[string]bool{"nothing is there": false, "an empty folder is there": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStage(t)
			must(t, os.MkdirAll(filepath.Join(s.dir, "source/card"), 0o755))
			r := s.record("card/take.mxf", 30*part)
			to := &script{Place: s.folder("a")}
			run := s.begin(s.ctx, s.growing("card/take.mxf", growing.Options{}, to))
			r.write(20 * part)
			until(t, "parts", func() bool { return to.writes.Load() >= 15 })
			card, away := filepath.Join(s.dir, "source/card"), filepath.Join(s.dir, "away")
			must(t, os.Rename(card, away))
			if empty {
				must(t, os.Mkdir(card, 0o755))
			}
			r.write(5 * part)
			select {
			case <-run.done:
			case <-time.After(1500 * time.Millisecond): // longer than a deleted file is looked for
			}
			if empty {
				must(t, os.Remove(card))
			}
			must(t, os.Rename(away, card))
			r.end()
			run.wait()
			if n := to.aborts.Load(); n > 0 {
				t.Errorf("aborted %d times", n)
			}
			s.holds("a", "card/take.mxf", r.data)
		})
	}
}

// What was sent of a recording that was deleted waits a day: it goes on when the file
// comes back, and is removed when not.
func TestADeletedRecordingMayComeBack(t *testing.T) {
	t.Parallel()
	for _, back := range []bool{true, false} {
		s := newStage(t)
		r := s.record("take.mxf", 30*part)
		to := &script{Place: s.folder("a")}
		job := s.growing("take.mxf", growing.Options{}, to)
		job.Destinations[0].Reveal = "so-far/take.mxf"
		job.Destinations[0].Place = s.folder("a")
		run := s.begin(s.ctx, job)
		r.write(20 * part)
		until(t, "parts", func() bool { p := s.engine.Running(); return len(p) > 0 && p[0].Parts >= 15 })
		name, kept := filepath.Join(s.dir, "source/take.mxf"), filepath.Join(s.dir, "trash")
		must(t, os.Rename(name, kept))
		<-run.done
		if connectors.KindOf(run.err) != connectors.KindNotFound || !errors.Is(run.err, errDeleted) {
			t.Fatalf("got %v", run.err)
		}
		if _, err := os.Stat(filepath.Join(s.dir, "a/so-far")); !os.IsNotExist(err) {
			t.Errorf("what had arrived is still shown: %v", err)
		}
		opened := func(string) (connectors.Sink, error) { return s.folder("a"), nil }
		must(t, s.engine.Tidy(s.ctx, opened))
		if back {
			must(t, os.Rename(kept, name))
			r.end()
			again := s.growing("take.mxf", growing.Options{}, to)
			if receipt := s.run(again); receipt.Copies[0].Resumed < 15 {
				t.Errorf("resumed %d parts", receipt.Copies[0].Resumed)
			}
			s.holds("a", "take.mxf", r.data)
		}
		s.start(func(o *Options) { o.Now = func() time.Time { return time.Now().Add(25 * time.Hour) } })
		must(t, s.engine.Tidy(context.Background(), opened))
		s.unmarked()
		if !back {
			s.has("a")
		}
	}
}
