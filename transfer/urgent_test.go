package transfer

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"gantry/connectors"
	"gantry/connectors/wrap/throttle"
	"gantry/transfer/schedule"
)

// A slope is a place that takes the bytes of each part slowly, and notes which
// part's first byte came when.
type slope struct {
	*script
	mu     sync.Mutex
	firsts map[string]time.Time // by the name of the file
	parts  map[string]int       // parts that were begun, by file and number
	begun  int                  // parts in all
	before map[string]int       // how many of them when the first byte of a file came
	cuts   int                  // parts whose context ended
}

func newSlope(p connectors.Place) *slope {
	return &slope{script: &script{Place: p}, firsts: map[string]time.Time{}, parts: map[string]int{}, before: map[string]int{}}
}

func (s *slope) Begin(ctx context.Context, path string, o connectors.UploadOptions) (connectors.Upload, error) {
	up, err := s.Place.Begin(ctx, path, o)
	return &sloping{Upload: up, slope: s, path: path}, err
}

type sloping struct {
	connectors.Upload
	slope *slope
	path  string
}

func (u *sloping) WritePart(ctx context.Context, p connectors.Part, r io.ReadSeeker) (connectors.Part, error) {
	u.slope.mu.Lock()
	u.slope.parts[fmt.Sprint(u.path, "/", p.Number)]++
	u.slope.begun++
	u.slope.mu.Unlock()
	part, err := u.Upload.WritePart(ctx, p, &slowReader{ReadSeeker: r, ctx: ctx, first: func() { u.slope.first(u.path) }})
	if err != nil && ctx.Err() != nil {
		u.slope.mu.Lock()
		u.slope.cuts++
		u.slope.mu.Unlock()
	}
	return part, err
}

func (s *slope) first(path string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.firsts[path].IsZero() {
		s.firsts[path], s.before[path] = time.Now(), s.begun
	}
}

// slowReader gives 4 KiB in 10 ms.
type slowReader struct {
	io.ReadSeeker
	ctx   context.Context
	first func()
}

func (r *slowReader) Read(b []byte) (int, error) {
	n, err := r.ReadSeeker.Read(b[:min(len(b), 4<<10)])
	if n > 0 {
		r.first()
	}
	select {
	case <-time.After(10 * time.Millisecond):
		return n, err
	case <-r.ctx.Done():
		return 0, context.Cause(r.ctx)
	}
}

// While sixteen bulk files fill all slots of a slow place and all of the memory that
// they may have, urgent clips come one by one. Each goes ahead of whole parts, and
// what bulk loses is the parts that were taken from it. How long that takes is what
// BenchmarkUrgentFirstByte measures.
func TestUrgentClipsOvertakeBulk(t *testing.T) {
	t.Parallel()
	s := newStage(t, func(o *Options) {
		o.MemoryBudget, o.Parallel, o.Scheduler = 24*part, 0, schedule.New(schedule.Options{Slots: 8})
	})
	slow := newSlope(s.folder("a"))
	ctx, stop := context.WithCancel(t.Context())
	var bulk sync.WaitGroup
	for n := range 16 {
		name := fmt.Sprintf("bulk-%02d", n)
		s.put(name, content(uint64(n), 200*part))
		job := s.job(name, slow)
		job.Priority = schedule.Bulk
		bulk.Go(func() { _, _ = s.engine.Run(ctx, job) })
	}
	for s.busy("to0") < 8 {
		time.Sleep(time.Millisecond)
	}
	const clips = 20
	var took []time.Duration
	for n := range clips {
		name := fmt.Sprintf("clip-%02d", n)
		s.put(name, content(uint64(100+n), part))
		job := s.job(name, slow)
		job.Priority = schedule.Urgent
		slow.mu.Lock()
		began, begun := time.Now(), slow.begun
		slow.mu.Unlock()
		s.run(job)
		slow.mu.Lock()
		took = append(took, slow.firsts[name].Sub(began))
		if others := slow.before[name] - begun - 1; others > 8 { // each slot is free once at most
			t.Errorf("%d parts of bulk were begun before the first one of clip %d", others, n)
		}
		slow.mu.Unlock()
	}
	stats := s.engine.o.Scheduler.Stats()
	stop()
	bulk.Wait()
	slices.Sort(took)
	t.Logf("first bytes left after %v (median), %v (99 %%); %d parts were taken from bulk", took[clips/2], took[clips-1], stats.Preempted)
	if stats.Preempted == 0 || stats.Preempted > 2*clips {
		t.Errorf("%d parts were taken from bulk for %d clips", stats.Preempted, clips)
	}
	again := 0
	for _, times := range slow.parts {
		again += times - 1
	}
	if again > int(stats.Preempted) {
		t.Errorf("%d parts were begun again, %d were taken", again, stats.Preempted)
	}
}

// busy counts the parts that move to a place.
func (s *stage) busy(place string) (n int) {
	for _, e := range s.engine.o.Scheduler.Stats().Endpoints {
		if e.Endpoint == place {
			n += e.InUse
		}
	}
	return n
}

// A part that was taken away does not count as a failure, and the file is right.
func TestWhatWasTakenAwayIsSentAgain(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	slow := newSlope(s.folder("a"))
	data := s.file("bulk", 12*part)
	job := s.job("bulk", slow)
	job.Priority = schedule.Bulk
	var wait sync.WaitGroup
	wait.Go(func() {
		receipt, err := s.engine.Run(s.ctx, job)
		if err != nil || receipt.Copies[0].Retries != 0 {
			t.Errorf("%+v, %v", receipt, err)
		}
	})
	for s.busy("to0") < 3 {
		time.Sleep(time.Millisecond)
	}
	for n := range 3 {
		name := fmt.Sprint("clip", n)
		s.put(name, content(1, part))
		clip := s.job(name, slow)
		clip.Priority = schedule.Urgent
		wait.Go(func() {
			if _, err := s.engine.Run(s.ctx, clip); err != nil {
				t.Error(err)
			}
		})
	}
	wait.Wait()
	s.has("a", "bulk", "clip0", "clip1", "clip2")
	if got := s.bytes("a", "bulk"); string(got) != string(data) {
		t.Error("the file is wrong")
	}
}

// A window in which nothing moves ends the parts that are under way, gives their
// memory back, and counts as no failure; the file goes on when it opens.
func TestAWindowThatShutsWhileBytesMove(t *testing.T) {
	t.Parallel()
	s := newStage(t, func(o *Options) { o.Stall = time.Second })
	slow := newSlope(s.folder("a"))
	data := s.file("clip", 30*part)
	lines := s.engine.o.Scheduler
	done := make(chan error, 1)
	job := s.job("clip", slow)
	go func() {
		receipt, err := s.engine.Run(s.ctx, job)
		if err == nil && receipt.Copies[0].Retries != 0 {
			err = fmt.Errorf("it counts %d retries", receipt.Copies[0].Retries)
		}
		done <- err
	}()
	for s.busy("to0") < 3 {
		time.Sleep(time.Millisecond)
	}
	lines.Limit(schedule.OfEndpoint("to0"), throttle.Always(throttle.Rate{Up: throttle.Stop}))
	p := s.eventually("held", func(p Progress) bool { return p.Held == HeldBandwidth && s.busy("to0") == 0 })
	if p.Waiting != "held by the bandwidth limit of to0" {
		t.Errorf("it waits because %q", p.Waiting)
	}
	if p.Rate != 0 || p.ETA != -1 {
		t.Errorf("while nothing may move it tells %.0f bytes/s and %.0f s to go", p.Rate, p.ETA)
	}
	for s.memoryUsed() > 0 {
		time.Sleep(10 * time.Millisecond) // within a few seconds
	}
	lines.Limit(schedule.OfEndpoint("to0"), throttle.Timetable{})
	must(t, <-done)
	s.holds("a", "clip", data)
}

func (s *stage) memoryUsed() int64 {
	s.engine.memory.mu.Lock()
	defer s.engine.memory.mu.Unlock()
	return s.engine.memory.used
}

// A limit slows a file down to less than the stall would allow, and it is lifted
// while the file moves.
func TestALimitIsNoStallAndIsLiftedWhileBytesMove(t *testing.T) {
	t.Parallel()
	s := newStage(t, func(o *Options) { o.Stall = time.Second })
	data := s.file("clip", 8*part)
	lines := s.engine.o.Scheduler
	lines.Limit(schedule.OfSite("oslo"), throttle.Always(throttle.Rate{Up: 1 << 10, Down: 0}))
	job := s.job("clip", s.folder("a"))
	job.Source.Place, job.Site = s.folder("source"), "oslo"
	done := make(chan error, 1)
	go func() {
		receipt, err := s.engine.Run(s.ctx, job)
		if err == nil && receipt.Copies[0].Retries != 0 {
			err = fmt.Errorf("it counts %d retries", receipt.Copies[0].Retries)
		}
		done <- err
	}()
	select {
	case err := <-done:
		t.Fatalf("512 KiB at 1 KiB/s were moved at once: %v", err)
	case <-time.After(2500 * time.Millisecond): // well past a stall
	}
	lines.Limit(schedule.OfSite("oslo"), throttle.Timetable{})
	must(t, <-done)
	s.holds("a", "clip", data)
}

// Of a thousand jobs only some begin, and all of them together keep within the
// memory that there is for parts.
func TestAThousandJobsWait(t *testing.T) {
	t.Parallel()
	s := newStage(t, func(o *Options) { o.MemoryBudget = 16 * part })
	slow := newSlope(s.folder("a"))
	var wait sync.WaitGroup
	ctx, stop := context.WithCancelCause(t.Context())
	errStop := errors.New("enough")
	var ended atomic.Int64
	for n := range manyJobs {
		name := fmt.Sprintf("clip-%04d", n)
		if n < 100 {
			s.put(name, content(uint64(n), 20*part))
		}
		wait.Go(func() {
			defer ended.Add(1)
			_, _ = s.engine.Run(ctx, s.job(name, slow))
		})
	}
	lines := s.engine.o.Scheduler
	for st := lines.Stats(); st.Begun+st.Waiting < manyJobs || s.busy("to0") == 0; st = lines.Stats() {
		time.Sleep(time.Millisecond)
	}
	if st := lines.Stats(); st.Begun > 64 {
		t.Errorf("%+v", st)
	}
	urgent := s.job("now", slow)
	urgent.Priority = schedule.Urgent
	s.put("now", content(1, 3*part))
	s.run(urgent)
	if left := manyJobs - ended.Load(); left < manyJobs-100 {
		t.Errorf("the urgent one came behind all but %d", left)
	}
	if used := s.memoryUsed(); used > 16*part {
		t.Errorf("%d bytes of parts are in memory", used)
	}
	stop(errStop)
	wait.Wait()
	if st := lines.Stats(); st.Begun+st.Waiting != 0 || s.memoryUsed() != 0 {
		t.Errorf("it is not all given back: %+v, %d bytes", st, s.memoryUsed())
	}
}

func (s *stage) bytes(folder, name string) []byte {
	s.t.Helper()
	data, err := os.ReadFile(filepath.Join(s.dir, folder, name))
	must(s.t, err)
	return data
}
