package transfer

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"gantry/connectors"
	"gantry/transfer/growing"
)

// sources are a folder, which tells one file from another, and a place that does not,
// as a server.
func (s *stage) sources() map[string]connectors.Place {
	return map[string]connectors.Place{"folder": s.folder("source"), "server": s.source}
}

func (s *stage) growingAt(source connectors.Place, name string, verify GrowthVerify, to ...connectors.Sink) Job {
	j := s.growing(name, growing.Options{}, to...)
	j.Source.Place, j.GrowthVerify = source, verify
	o := growing.Options{Place: source, Path: name, Every: 5e6, Idle: 300e6}
	j.Growth = growing.Follow(o)
	return j
}

// anew has another recording under the name, of other bytes.
func (r *recorder) anew(truncated bool, size int) {
	r.s.t.Helper()
	if truncated {
		must(r.s.t, r.f.Truncate(0))
		_, err := r.f.Seek(0, 0)
		must(r.s.t, err)
	} else {
		name := r.f.Name()
		must(r.s.t, r.f.Close())
		must(r.s.t, os.Remove(name))
		f, err := os.Create(name)
		must(r.s.t, err)
		r.s.t.Cleanup(func() { f.Close() })
		r.f = f
	}
	r.data, r.at = content(99, size), 0
}

// sure fails when the engine waits for a commit that might be under way: there is none.
func (s *stage) sure(o *Options) {
	o.Sleep = func(ctx context.Context, d time.Duration) error {
		if d == lateCommit/20 {
			s.t.Error("it looks for an upload that was given up")
		}
		return sleep(ctx, d)
	}
}

// A recorder that starts again under the same name is noticed, and what it records then
// is sent from its beginning.
func TestARecorderStartsAgain(t *testing.T) {
	t.Parallel()
	for _, truncated := range []bool{true, false} {
		for _, kind := range []string{"folder", "server"} {
			t.Run(fmt.Sprintf("%s, truncated %t", kind, truncated), func(t *testing.T) {
				t.Parallel()
				s := newStage(t)
				s.start(s.sure)
				r := s.record("take.mxf", 30*part)
				to := s.folder("a")
				run := s.begin(s.ctx, s.growingAt(s.sources()[kind], "take.mxf", GrowthFull, to))
				r.write(20 * part)
				until(t, "parts", func() bool { p := s.engine.Running(); return len(p) > 0 && p[0].Parts >= 10 })
				r.anew(truncated, 25*part)
				r.write(2 * part)
				<-run.done
				if connectors.KindOf(run.err) != connectors.KindChanged {
					t.Fatalf("got %v", run.err)
				}
				s.has("a")
				run = s.begin(s.ctx, s.growingAt(s.sources()[kind], "take.mxf", GrowthEdges, to))
				r.write(20 * part)
				r.end()
				run.wait()
				s.holds("a", "take.mxf", r.data)
			})
		}
	}
}

// Another recording comes under the name while nobody looks, and is longer than what
// was sent of the first: nothing of that one is in the copy.
func TestAnotherRecordingWhileNobodyLooked(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{"folder", "server"} {
		for _, verify := range []GrowthVerify{GrowthFull, GrowthEdges} {
			t.Run(kind+string(verify), func(t *testing.T) {
				t.Parallel()
				s := newStage(t)
				r := s.record("take.mxf", 30*part)
				to := s.folder("a")
				ctx, stop := context.WithCancel(s.ctx)
				run := s.begin(ctx, s.growingAt(s.sources()[kind], "take.mxf", verify, to))
				r.write(12 * part)
				until(t, "parts", func() bool { p := s.engine.Running(); return len(p) > 0 && p[0].Parts >= 8 })
				stop()
				<-run.done
				r.anew(false, 40*part)
				r.write(30 * part)
				s.start()
				run = s.begin(s.ctx, s.growingAt(s.sources()[kind], "take.mxf", verify, to))
				until(t, "more parts", func() bool { p := s.engine.Running(); return len(p) > 0 && p[0].Parts >= 20 })
				r.end()
				run.wait()
				s.holds("a", "take.mxf", r.data)
				s.unmarked()
			})
		}
	}
}

// Two takes after each other under one name are two copies: the receipt of the first
// does not serve for the second.
func TestTwoTakesUnderOneName(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{"folder", "server"} {
		s := newStage(t)
		r := s.record("take.mxf", 10*part)
		to := s.folder("a")
		r.end()
		s.run(s.growingAt(s.sources()[kind], "take.mxf", GrowthFull, to))
		s.holds("a", "take.mxf", r.data)
		f, err := os.Create(filepath.Join(s.dir, "source/take.mxf"))
		must(t, err)
		t.Cleanup(func() { f.Close() })
		second := &recorder{s: s, f: f, data: content(5, 14*part)}
		run := s.begin(s.ctx, s.growingAt(s.sources()[kind], "take.mxf", GrowthFull, to))
		second.write(7 * part)
		second.end()
		if receipt := run.wait(); receipt.Size != 14*part {
			t.Errorf("%s: the receipt is of %d bytes", kind, receipt.Size)
		}
		s.holds("a", "take.mxf", second.data)
	}
}
