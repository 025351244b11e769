package transfer

import (
	"context"
	"fmt"
	"io"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"gantry/connectors"
	"gantry/connectors/wrap/throttle"
	"gantry/transfer/schedule"
)

// Whoever waits for longer than a second, for another attempt, a window or the end of a
// pause, holds no memory, and goes on with what it has sent.
func TestWhoWaitsHoldsNoMemory(t *testing.T) {
	t.Parallel()
	type setting struct {
		*stage
		to   *script
		job  *Job
		dead atomic.Bool
	}
	down := func(s *setting) error {
		if s.dead.Load() {
			return connectors.Errorf(connectors.KindUnavailable, "call", "it", "the place is down")
		}
		return nil
	}
	failing := func(s *setting) {
		s.to.write = func(_ context.Context, _ int, _ connectors.Part, r io.ReadSeeker, next writer) (connectors.Part, error) {
			if err := down(s); err != nil {
				return connectors.Part{}, err
			}
			return next(r)
		}
	}
	inOrder := func(s *setting) {
		traits := s.to.Place.Traits()
		traits.Sequential = true
		s.to.traits = &traits
	}
	window := func(s *setting) {
		stop := throttle.Always(throttle.Rate{Up: throttle.Stop})
		s.engine.o.Scheduler.Limit(schedule.OfEndpoint("to0"), stop)
	}
	open := func(s *setting) { s.engine.o.Scheduler.Limit(schedule.OfEndpoint("to0"), throttle.Timetable{}) }
	nothing := func(*setting) {}
	for name, test := range map[string]struct {
		size          int
		after         int // parts, when it is shut
		set, shut, on func(*setting)
	}{
		"parts that fail":          {12 * part, 0, failing, nothing, nothing},
		"parts that fail in order": {12 * part, 0, func(s *setting) { failing(s); inOrder(s) }, nothing, nothing},
		"one small file":           {part / 2, 0, failing, nothing, nothing},
		"an upload that cannot begin": {12 * part, 0, func(s *setting) {
			s.to.begin = func(int, connectors.UploadOptions) error { return down(s) }
		}, nothing, nothing},
		"a small one that cannot begin": {part / 2, 0, func(s *setting) {
			s.to.begin = func(int, connectors.UploadOptions) error { return down(s) }
		}, nothing, nothing},
		"a source that fails": {12 * part, 0, func(s *setting) {
			s.source.open = func(_ int, _ int64, r io.ReadCloser) (io.ReadCloser, error) { return r, down(s) }
		}, nothing, nothing},
		"a shut window":           {12 * part, 3, nothing, window, open},
		"a shut window, in order": {12 * part, 3, inOrder, window, open},
		"a pause":                 {12 * part, 3, nothing, func(s *setting) { s.pause(true) }, func(s *setting) { s.pause(false) }},
		"a pause in order":        {12 * part, 3, inOrder, func(s *setting) { s.pause(true) }, func(s *setting) { s.pause(false) }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStage(t, func(o *Options) { o.Patience = time.Minute })
			data := s.file("clip", test.size)
			to := &script{Place: s.folder("a")}
			job := s.job("clip", to)
			all := &setting{stage: s, to: to, job: &job}
			test.set(all)
			inner := to.write
			begun := make(chan struct{})
			once := sync.OnceFunc(func() { close(begun) })
			to.write = func(ctx context.Context, call int, p connectors.Part, r io.ReadSeeker, next writer) (connectors.Part, error) {
				if call >= test.after {
					once()
				}
				if test.after > 0 {
					time.Sleep(20 * time.Millisecond)
				}
				if inner != nil {
					return inner(ctx, call, p, r, next)
				}
				return next(r)
			}
			all.dead.Store(true)
			end := s.started(s.ctx, job)
			if test.after > 0 {
				<-begun
			} else {
				until(t, "memory in use", func() bool { return s.memoryUsed() > 0 })
			}
			test.shut(all)
			until(t, "the memory", func() bool { return s.memoryUsed() == 0 })
			all.dead.Store(false)
			test.on(all)
			must(t, <-end)
			s.holds("a", "clip", data)
			for n := range 12 {
				if times := to.attempts(n + 1); times > 8 {
					t.Errorf("part %d was sent %d times", n+1, times)
				}
			}
			if used := s.memoryUsed(); used != 0 {
				t.Errorf("%d bytes are not given back", used)
			}
		})
	}
}

func (s *stage) pause(on bool) {
	must(s.t, s.engine.Change("job-clip", Change{Paused: &on}))
}

// Patience with a part ends though it is begun anew again and again.
func TestPatienceEndsThoughMemoryIsGivenBack(t *testing.T) {
	t.Parallel()
	for name, fails := range map[string]func(s *stage, to *script){
		"destination": func(_ *stage, to *script) {
			to.write = func(_ context.Context, _ int, p connectors.Part, r io.ReadSeeker, next writer) (connectors.Part, error) {
				if p.Number == 3 { // the others arrive
					return connectors.Part{}, connectors.Errorf(connectors.KindUnavailable, "write", "clip", "down")
				}
				return next(r)
			}
		},
		"source": func(s *stage, _ *script) {
			s.source.open = func(_ int, offset int64, r io.ReadCloser) (io.ReadCloser, error) {
				if offset == 2*part {
					return nil, connectors.Errorf(connectors.KindUnavailable, "open", "clip", "down")
				}
				return r, nil
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStage(t, func(o *Options) { o.Patience = time.Second })
			s.file("clip", 12*part)
			to := &script{Place: s.folder("a")}
			fails(s, to)
			began := time.Now()
			s.fails(s.job("clip", to), connectors.KindUnavailable)
			if took := time.Since(began); took < time.Second*3/4 || took > 15*time.Second {
				t.Errorf("it was given up after %s", took)
			}
		})
	}
}

// Jobs to a place that is down stop no job to another one.
func TestADeadPlaceStopsNoOther(t *testing.T) {
	t.Parallel()
	s := newStage(t, func(o *Options) { o.MemoryBudget, o.Patience = 16*part, time.Minute })
	to := &script{Place: s.folder("a"), write: failFrom(1, connectors.KindUnavailable)}
	ctx, stop := context.WithCancel(s.ctx)
	var ends []<-chan error
	for n := range 40 {
		name := fmt.Sprint("bulk", n)
		s.file(name, 20*part)
		ends = append(ends, s.started(ctx, s.job(name, to)))
	}
	until(t, "failures", func() bool { return to.writes.Load() > 40 })
	data := s.file("other", 3*part)
	job := s.job("other", s.folder("b"))
	job.Destinations[0].Location = "elsewhere"
	began := time.Now()
	s.run(job)
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("it took %s", took)
	}
	s.holds("b", "other", data)
	stop()
	for _, end := range ends {
		<-end
	}
}
