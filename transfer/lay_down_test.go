package transfer

import (
	"context"
	"io"
	"testing"
	"time"

	"gantry/connectors"
	"gantry/connectors/wrap/throttle"
	"gantry/transfer/schedule"
)

// Whoever leaves an upload lets it rest, so that it holds nothing at its place.
func TestAnUploadThatIsLeftRests(t *testing.T) {
	t.Parallel()
	inOrder := func(s *stage) *script {
		to := &script{Place: s.folder("a")}
		traits := to.Place.Traits()
		traits.Sequential = true
		to.traits = &traits
		return to
	}
	t.Run("cancelled", func(t *testing.T) {
		t.Parallel()
		s := newStage(t)
		s.file("clip", 12*part)
		ctx, cancel := context.WithCancel(s.ctx)
		to := inOrder(s)
		to.write = func(ctx context.Context, call int, p connectors.Part, r io.ReadSeeker, next writer) (connectors.Part, error) {
			if call == 4 {
				cancel()
				<-ctx.Done()
				return p, ctx.Err()
			}
			return next(r)
		}
		if _, err := s.engine.Run(ctx, s.job("clip", to)); err == nil || to.rests.Load() == 0 {
			t.Fatalf("%v, %d rests", err, to.rests.Load())
		}
	})
	t.Run("failed", func(t *testing.T) {
		t.Parallel()
		s := newStage(t)
		s.file("clip", 12*part)
		to := inOrder(s)
		to.write = func(_ context.Context, call int, p connectors.Part, r io.ReadSeeker, next writer) (connectors.Part, error) {
			if call == 4 {
				return p, connectors.Errorf(connectors.KindPermission, "write", p.ETag, "no more")
			}
			return next(r)
		}
		if s.fails(s.job("clip", to), connectors.KindPermission); to.rests.Load() == 0 {
			t.Fatal("it does not rest")
		}
	})
	for name, pause := range map[string]func(s *stage, on bool){
		"paused": func(s *stage, on bool) { s.pause(on) },
		"held": func(s *stage, on bool) {
			limit := throttle.Timetable{}
			if on {
				limit = throttle.Always(throttle.Rate{Up: throttle.Stop})
			}
			s.engine.o.Scheduler.Limit(schedule.OfEndpoint("to0"), limit)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStage(t, func(o *Options) { o.Patience = time.Minute })
			data := s.file("clip", 12*part)
			to := inOrder(s)
			to.write = func(_ context.Context, call int, _ connectors.Part, r io.ReadSeeker, next writer) (connectors.Part, error) {
				if call == 4 {
					pause(s, true)
				}
				return next(r)
			}
			done := s.started(s.ctx, s.job("clip", to))
			until(t, "the rest", func() bool { return to.rests.Load() > 0 })
			pause(s, false)
			must(t, <-done)
			s.holds("a", "clip", data)
		})
	}
}
