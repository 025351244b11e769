package transfer

import (
	"context"
	"errors"
	"io"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"gantry/connectors"
	"gantry/transfer/schedule"
)

func set[T any](v T) *T { return &v }

// A tap lets some parts through to a place and keeps the others on their way, until it
// is opened or their context ends.
type tap struct {
	*script
	open chan struct{}
	kept chan struct{} // one token for each part that is kept
}

func newTap(p connectors.Place, most int) *tap {
	t := &tap{script: &script{Place: p}, open: make(chan struct{}), kept: make(chan struct{}, 1000)}
	t.write = func(ctx context.Context, call int, part connectors.Part, r io.ReadSeeker, next writer) (connectors.Part, error) {
		if call > most {
			t.kept <- struct{}{}
			select {
			case <-t.open:
			case <-ctx.Done():
				return part, ctx.Err()
			}
		}
		return next(r)
	}
	return t
}

// started runs a job and gives its end.
func (s *stage) started(ctx context.Context, j Job) <-chan error {
	end := make(chan error, 1)
	go func() {
		_, err := s.engine.Run(ctx, j)
		end <- err
	}()
	return end
}

// eventually waits for what the engine tells of the one job that runs.
func (s *stage) eventually(what string, ok func(Progress) bool) Progress {
	s.t.Helper()
	var last []Progress
	for begun := time.Now(); time.Since(begun) < 10*time.Second; time.Sleep(2 * time.Millisecond) {
		if last = s.engine.Running(); len(last) == 1 && ok(last[0]) {
			return last[0]
		}
	}
	s.t.Fatalf("it is never %s: %+v", what, last)
	return Progress{}
}

func TestAPausedJobSendsNothingAndGoesOnWhereItWas(t *testing.T) {
	s := newStage(t)
	data := s.file("clip", 20*part)
	to := newTap(s.folder("a"), 5)
	job := s.job("clip", to)
	end := s.started(s.ctx, job)
	<-to.kept
	must(t, s.engine.Change(job.ID, Change{Paused: set(true)}))
	before := s.eventually("paused", func(p Progress) bool { return p.Paused && p.Held == HeldPaused && s.busy("to0") == 0 })
	if before.Waiting != "paused" || before.Held != HeldPaused || before.Rate != 0 || before.ETA != -1 {
		t.Errorf("it tells %+v", before)
	}
	writes := to.writes.Load()
	close(to.open)
	time.Sleep(50 * time.Millisecond) // it had time to send more
	if now := to.writes.Load(); now != writes {
		t.Fatalf("%d parts were sent while it was paused", now-writes)
	}
	must(t, s.engine.Change(job.ID, Change{Paused: set(false)}))
	must(t, <-end)
	s.holds("a", "clip", data)
	if sent := int(to.writes.Load()); sent > 20+3 {
		t.Errorf("%d parts were sent for 20, with 3 in flight", sent)
	}
	if change, err := s.engine.Changed(job.ID); err != nil || change != (Change{}) {
		t.Errorf("of a finished job there is still %+v, %v", change, err)
	}
}

func TestAJobIsReadNoFurtherWhileItIsPaused(t *testing.T) {
	s := newStage(t)
	data := s.file("clip", 20*part)
	job := s.job("clip", s.folder("a"))
	reading := make(chan struct{})
	s.source.open = func(call int, _ int64, r io.ReadCloser) (io.ReadCloser, error) {
		if call == 4 {
			must(t, s.engine.Change(job.ID, Change{Paused: set(true)}))
			close(reading)
		}
		return r, nil
	}
	end := s.started(s.ctx, job)
	<-reading
	s.eventually("paused", func(p Progress) bool { return p.Paused })
	time.Sleep(50 * time.Millisecond) // it had time to read more
	if opens := s.source.opens.Load(); opens > 6 {
		t.Errorf("%d parts were read", opens)
	}
	must(t, s.engine.Change(job.ID, Change{Paused: set(false)}))
	must(t, <-end)
	s.holds("a", "clip", data)
}

func TestWhatWasChangedHoldsAfterARestart(t *testing.T) {
	s := newStage(t)
	data := s.file("clip", 4*part)
	job := s.job("clip", s.folder("a"))
	air := time.Date(2026, 5, 1, 20, 15, 0, 0, time.UTC)
	must(t, s.engine.Change(job.ID, Change{Paused: set(true), Priority: set(schedule.Urgent)}))
	must(t, s.engine.Change(job.ID, Change{Deadline: set(air)}))
	s.start()
	ctx, cancel := context.WithCancel(t.Context())
	end := s.started(ctx, job)
	s.eventually("paused, urgent and due", func(p Progress) bool {
		return p.Paused && p.Priority == schedule.Urgent && p.Deadline.Equal(air)
	})
	cancel()
	if err := <-end; connectors.KindOf(err) != connectors.KindCanceled {
		t.Fatalf("got %v", err)
	}
	s.start()
	end = s.started(s.ctx, job)
	s.eventually("paused", func(p Progress) bool { return p.Paused })
	must(t, s.engine.Change(job.ID, Change{Paused: set(false), Deadline: set(time.Time{})}))
	must(t, <-end)
	s.holds("a", "clip", data)
}

func TestUnchangeLetsAJobRunAsItSays(t *testing.T) {
	s := newStage(t)
	data := s.file("clip", part)
	job := s.job("clip", s.folder("a"))
	must(t, s.engine.Change(job.ID, Change{Paused: set(true)}))
	must(t, s.engine.Unchange(job.ID))
	s.start()
	s.run(job)
	s.holds("a", "clip", data)
}

func TestAJobThatIsCancelledLeavesNothing(t *testing.T) {
	for name, cancel := range map[string]func(s *stage, job Job, stop context.CancelCauseFunc){
		"by its ID":      func(s *stage, job Job, _ context.CancelCauseFunc) { s.engine.Cancel(job.ID) },
		"by its context": func(_ *stage, _ Job, stop context.CancelCauseFunc) { stop(ErrGivenUp) },
		"while it is paused": func(s *stage, job Job, _ context.CancelCauseFunc) {
			must(s.t, s.engine.Change(job.ID, Change{Paused: set(true)}))
			s.engine.Cancel(job.ID)
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStage(t)
			s.file("clip", 20*part)
			to := newTap(s.folder("a"), 5)
			job := s.job("clip", to)
			ctx, stop := context.WithCancelCause(t.Context())
			end := s.started(ctx, job)
			<-to.kept
			cancel(s, job, stop)
			if err := <-end; !errors.Is(err, ErrGivenUp) || connectors.KindOf(err) != connectors.KindCanceled {
				t.Fatalf("got %v", err)
			}
			s.has("a")
			s.unmarked()
			if s.engine.Cancel(job.ID) || len(s.engine.Running()) != 0 {
				t.Error("it runs on")
			}
			if change, err := s.engine.Changed(job.ID); err != nil || change != (Change{}) {
				t.Errorf("it left %+v, %v", change, err)
			}
		})
	}
}

func TestAJobThatIsPausedForLongGivesItsMemoryBack(t *testing.T) {
	var later atomic.Int64
	s := newStage(t, func(o *Options) {
		o.Now = func() time.Time { return time.Now().Add(time.Duration(later.Load())) }
	})
	data := s.file("clip", 20*part)
	to := newTap(s.folder("a"), 5)
	job := s.job("clip", to)
	end := s.started(s.ctx, job)
	<-to.kept
	must(t, s.engine.Change(job.ID, Change{Paused: set(true)}))
	later.Store(int64(2 * parkAfter))
	s.eventually("parked", func(p Progress) bool { return p.Paused && p.Phase == PhaseBegin })
	s.engine.memory.mu.Lock()
	used := s.engine.memory.used
	s.engine.memory.mu.Unlock()
	if used != 0 {
		t.Errorf("it still holds %d bytes", used)
	}
	close(to.open)
	must(t, s.engine.Change(job.ID, Change{Paused: set(false)}))
	must(t, <-end)
	s.holds("a", "clip", data)
	if sent := int(to.writes.Load()); sent > 20+3 {
		t.Errorf("%d parts were sent for 20, with 3 in flight", sent)
	}
}

func TestARetryTellsWhatItWaitsFor(t *testing.T) {
	s := newStage(t, func(o *Options) { o.Patience = time.Minute; o.Jitter = func() float64 { return 0.99 } })
	s.file("clip", 2*part)
	refused := errors.New("connection refused")
	to := &script{Place: s.folder("a"), write: func(_ context.Context, _ int, p connectors.Part, _ io.ReadSeeker, _ writer) (connectors.Part, error) {
		return p, &connectors.Error{Kind: connectors.KindUnavailable, Op: "write part", Path: "clip", Err: refused}
	}}
	ctx, cancel := context.WithCancel(t.Context())
	end := s.started(ctx, s.job("clip", to))
	p := s.eventually("held by a retry", func(p Progress) bool { return p.Held == HeldRetry })
	if !strings.HasPrefix(p.Waiting, "retry of write part in 1 s: connection refused") || p.Retries == 0 || p.Destinations[0].Retries == 0 {
		t.Errorf("it tells %+v", p)
	}
	cancel()
	<-end
}

// What is sent again, or was sent by an earlier run, does not make the bar run backwards.
func TestWhatIsShownNeverFalls(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	s.file("clip", 40*part)
	to := &script{Place: s.folder("a"), write: func(_ context.Context, call int, p connectors.Part, r io.ReadSeeker, next writer) (connectors.Part, error) {
		if call%4 == 0 {
			_, _ = io.Copy(io.Discard, r)
			return p, connectors.Errorf(connectors.KindUnavailable, "write part", "clip", "the link broke after the last byte")
		}
		time.Sleep(time.Millisecond)
		return next(r)
	}}
	job := s.job("clip", to)
	var mu sync.Mutex
	highest := int64(0)
	stop, watching := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(watching)
		for {
			select {
			case <-stop:
				return
			default:
			}
			for _, p := range s.engine.Running() {
				mu.Lock()
				if p.Sent < highest || p.Sent > 40*part {
					t.Errorf("it shows %d after %d", p.Sent, highest)
				}
				highest = p.Sent
				mu.Unlock()
			}
		}
	}()
	s.run(job)
	close(stop)
	<-watching
	totals := s.engine.Totals()
	if len(totals.Moved) != 2 || totals.Moved[1].Location != "to0" || totals.Moved[1].Parts != 40 || totals.Moved[1].Resent == 0 ||
		totals.Moved[1].Sent < 40*part || totals.Moved[0].Read != 40*part || len(totals.Ended) != 1 || totals.Ended[0].Outcome != "done" {
		t.Errorf("in all it has counted %+v", totals)
	}
}

// A part that is nearly there when its job is paused still arrives; one that would take
// long is cut.
func TestAPauseLetsPartsArriveThatAreNearlyThere(t *testing.T) {
	t.Parallel()
	for _, slow := range []bool{false, true} {
		s := newStage(t, func(o *Options) { o.Parallel = 1 })
		data := s.file("clip", 6*part)
		half := make(chan struct{}, 10)
		to := &script{Place: s.folder("a"), write: func(ctx context.Context, call int, _ connectors.Part, r io.ReadSeeker, next writer) (connectors.Part, error) {
			if call == 2 {
				moved := part * 9 / 10
				if slow {
					moved = part / 100
				}
				time.Sleep(50 * time.Millisecond)
				_, err := io.CopyN(io.Discard, r, int64(moved))
				must(t, err)
				half <- struct{}{}
				select {
				case <-time.After(300 * time.Millisecond):
				case <-ctx.Done():
					return connectors.Part{}, context.Cause(ctx)
				}
				_, err = r.Seek(0, io.SeekStart)
				must(t, err)
			}
			return next(r)
		}}
		job := s.job("clip", to)
		end := s.started(s.ctx, job)
		<-half
		must(t, s.engine.Change(job.ID, Change{Paused: set(true)}))
		s.eventually("still", func(p Progress) bool { return p.Paused && s.busy("to0") == 0 })
		time.Sleep(20 * time.Millisecond)
		if writes := to.writes.Load(); writes != 2 {
			t.Errorf("slow %v: %d parts were begun", slow, writes)
		}
		must(t, s.engine.Change(job.ID, Change{Paused: set(false)}))
		must(t, <-end)
		s.holds("a", "clip", data)
		if times := to.attempts(2); (times > 1) != slow {
			t.Errorf("slow %v: the part in flight was sent %d times", slow, times)
		}
	}
}
