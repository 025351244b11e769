package schedule

import (
	"container/heap"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"gantry/connectors"
)

// A world drives the core with a clock of its own: jobs send parts over a link whose
// rate depends on how many move at once. The same seed gives the same world.
type world struct {
	t       *testing.T
	core    *core
	now     time.Time
	random  *rand.Rand
	events  events
	order   int64
	ticking bool
	wake    time.Time // when the core is asked again at the latest

	link   func(parts int) float64 // bytes/s of all parts together
	busyAt int                     // more parts at once than this are refused with a 503; 0 = none are
	senders
}

type senders struct {
	all []*sender
}

// A sender is a job that keeps so many parts waiting or moving until it has sent all.
type sender struct {
	work     Work
	parts    int // to send
	at       int // at once
	part     int64
	job      *job
	flow     *flow
	claims   map[*claim]bool // waiting or moving
	sent     int64
	lost     int64 // parts that were taken
	asked    time.Time
	first    time.Duration // until the first grant; below zero = not yet
	longest  time.Duration // without a grant while it waited
	last     time.Time
	finished time.Time
}

type event struct {
	at    time.Time
	order int64
	do    func()
}

type events []event

func (e events) Len() int { return len(e) }
func (e events) Less(i, j int) bool {
	return e[i].at.Before(e[j].at) || e[i].at.Equal(e[j].at) && e[i].order < e[j].order
}
func (e events) Swap(i, j int) { e[i], e[j] = e[j], e[i] }
func (e *events) Push(x any)   { *e = append(*e, x.(event)) }
func (e *events) Pop() any {
	last := (*e)[len(*e)-1]
	*e = (*e)[:len(*e)-1]
	return last
}

func newWorld(t *testing.T, seed uint64, o Options) *world {
	t.Helper()
	if o.Slots == 0 {
		o.Slots = 64
	}
	if o.Jobs == 0 {
		o.Jobs = 64
	}
	if o.Age == 0 {
		o.Age = 10 * time.Second
	}
	return &world{
		t: t, core: newCore(o), now: time.Unix(1_790_000_000, 0), random: rand.New(rand.NewPCG(seed, 0)),
		link: func(int) float64 { return 100 << 20 },
	}
}

func (w *world) after(d time.Duration, do func()) {
	w.order++
	heap.Push(&w.events, event{w.now.Add(d), w.order, do})
}

// start enters a job now, and lets it send its parts once it has begun.
func (w *world) start(work Work, e Endpoint, parts, at int, part int64) *sender {
	s := &sender{work: work, parts: parts, at: at, part: part, claims: map[*claim]bool{}, asked: w.now, first: -1, last: w.now}
	s.work.Size = int64(parts) * part
	s.job = w.core.enter(w.now, s.work)
	s.flow = w.core.open(s.job, e)
	w.all = append(w.all, s)
	w.settle()
	return s
}

// settle lets the core decide, starts what was granted and checks what must hold.
func (w *world) settle() {
	for again := true; again; {
		again = false
		next := w.core.settle(w.now)
		for _, s := range w.all {
			again = w.serve(s) || again
		}
		if !again && !next.IsZero() {
			if !next.After(w.now) {
				next = w.now.Add(time.Millisecond)
			}
			if w.wake.IsZero() || next.Before(w.wake) {
				w.wake = next
				w.after(next.Sub(w.now), func() { w.wake = time.Time{} })
			}
		}
	}
	w.check()
}

func (w *world) serve(s *sender) (changed bool) {
	if s.job.left || !isOpen(s.job.begin) {
		return false
	}
	for _, k := range s.flow.lane.running {
		if k.flow == s.flow && k.moved.Load() == 0 {
			w.granted(s, k)
		}
	}
	for len(s.claims) < min(s.at, s.parts) {
		var k *claim
		k = w.core.request(w.now, s.flow, s.part, func(error) { w.after(0, func() { w.ended(s, k, nil) }) })
		s.claims[k] = true
		changed = true
	}
	if s.parts == 0 && !s.job.left {
		s.finished = w.now
		w.core.leave(w.now, s.job)
		changed = true
	}
	return changed
}

func isOpen(c chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

// granted starts a part. Its bytes move with the ticks of the link.
func (w *world) granted(s *sender, k *claim) {
	k.moved.Store(1)
	if s.first < 0 {
		s.first = w.now.Sub(s.asked)
	}
	s.longest = max(s.longest, w.now.Sub(s.last))
	s.last = w.now
	if w.busyAt > 0 && len(s.flow.lane.running) > w.busyAt {
		w.after(50*time.Millisecond, func() { w.ended(s, k, &connectors.Error{Kind: connectors.KindBusy}) })
		return
	}
	if !w.ticking {
		w.ticking = true
		w.after(tick, w.tick)
	}
}

const tick = 20 * time.Millisecond

// tick moves bytes: all parts of a lane share what the link does, more or less alike.
func (w *world) tick() {
	w.ticking = false
	of := map[*flow]*sender{}
	for _, s := range w.all {
		of[s.flow] = s
	}
	for _, e := range w.core.list {
		for d := range e.lanes {
			l := &e.lanes[d]
			moving := slices.DeleteFunc(slices.Clone(l.running), func(k *claim) bool { return k.dying })
			for _, k := range moving {
				n := int64(w.link(len(moving)) / float64(len(moving)) * tick.Seconds() * (0.8 + 0.4*w.random.Float64()))
				n = min(n, k.bytes-k.moved.Load())
				k.flow.moved.Add(n)
				l.moved.Add(n)
				w.ticking = true
				if k.moved.Add(n) >= k.bytes {
					w.ended(of[k.flow], k, nil)
				}
			}
		}
	}
	if w.ticking {
		w.after(tick, w.tick)
	}
}

// ended is the end of a part: of one that was taken only the time is lost.
func (w *world) ended(s *sender, k *claim, err error) {
	if !s.claims[k] {
		return
	}
	delete(s.claims, k)
	switch {
	case k.dying:
		s.lost++
	case err == nil:
		s.sent += k.bytes
		s.parts--
	}
	w.core.release(w.now, k, err)
}

// run goes on for a time, or until nothing is left to do.
func (w *world) run(d time.Duration) {
	end := w.now.Add(d)
	for len(w.events) > 0 && !w.events[0].at.After(end) {
		e := heap.Pop(&w.events).(event)
		w.now = e.at
		e.do()
		w.settle()
	}
	w.now = end
}

// check says what holds at any time.
func (w *world) check() {
	w.t.Helper()
	for _, e := range w.core.list {
		dying, forced := 0, 0
		for d := range e.lanes {
			l := &e.lanes[d]
			of := map[*flow]int{}
			for _, k := range l.running {
				of[k.flow]++
				if k.dying {
					dying++
				}
				if k.job.level >= Urgent {
					forced++
				}
			}
			for f, n := range of {
				if f.running != n {
					w.t.Fatalf("a flow of %s counts %d parts and has %d", f.job.work.Job, f.running, n)
				}
			}
			if len(l.running)-dying > w.core.o.Slots+extras {
				w.t.Fatalf("%d parts move, %d may", len(l.running), w.core.o.Slots)
			}
		}
		if e.most > 0 && e.count()-dying > e.most {
			w.t.Fatalf("%d parts are at %s, which has room for %d", e.count()-dying, e.name, e.most)
		}
	}
}

func write(name string) Endpoint { return Endpoint{Name: name, Direction: Write} }

const mib = 1 << 20

// Whatever is under way, the first part of an urgent job moves at the very moment in
// which it is wanted, and what bulk loses is a part for each that was forced.
func TestAnUrgentJobIsNeverKeptWaiting(t *testing.T) {
	t.Parallel()
	for seed := range uint64(10) {
		w := newWorld(t, seed, Options{Age: time.Hour})
		e := write("archive")
		if seed%2 == 0 {
			e.Most = 1 + w.random.IntN(6)
		}
		for n := range 16 {
			w.start(Work{Job: fmt.Sprint(n), Site: fmt.Sprint(n % 3), Priority: Priority(w.random.IntN(2)) - 1}, e, 1000, 1+w.random.IntN(16), int64(1+w.random.IntN(16))*mib)
		}
		for n := range 10 {
			w.run(time.Duration(w.random.IntN(3000)) * time.Millisecond)
			clip := w.start(Work{Job: fmt.Sprint("clip", n), Priority: Urgent}, e, 1+w.random.IntN(8), 4, 8*mib)
			if clip.first != 0 {
				t.Fatalf("seed %d: clip %d has to wait", seed, n)
			}
			for clip.finished.IsZero() {
				w.run(100 * time.Millisecond)
			}
		}
	}
}

// However much goes before it, bulk moves: one turn in sixteen is for who has waited
// for the longest.
func TestBulkNeverStarves(t *testing.T) {
	t.Parallel()
	for seed := range uint64(2) {
		w := newWorld(t, seed, Options{})
		e := write("archive")
		e.Most = 4
		var bulk []*sender
		for n := range 3 {
			bulk = append(bulk, w.start(Work{Job: fmt.Sprint("bulk", n), Priority: Bulk}, e, 10_000, 2, 4*mib))
		}
		for n := range 10 {
			w.start(Work{Job: fmt.Sprint("high", n), Priority: High - Priority(n%2)}, e, 100_000, 8, 4*mib)
		}
		w.run(5 * time.Minute)
		// 25 parts are moved a second. One in sixteen is for the 46 that wait below the high ones.
		for _, s := range bulk {
			if s.longest > 10*time.Second+46*16*time.Second/25+5*time.Second || s.sent < 12*4*mib {
				t.Errorf("seed %d: %s has sent %d parts, and waited for %v", seed, s.work.Job, s.sent/(4*mib), s.longest)
			}
		}
	}
}

// Urgent work without an end does not starve the others either.
func TestNormalWorkMovesBesideEndlessUrgentWork(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1, Options{})
	e := write("archive")
	e.Most = 1
	normal := w.start(Work{Job: "normal"}, e, 1000, 2, mib)
	for n := range 3 {
		w.start(Work{Job: fmt.Sprint("urgent", n), Priority: Urgent}, e, 100_000, 4, 4*mib)
	}
	w.run(5 * time.Minute)
	if normal.sent < 20*mib {
		t.Errorf("it has sent %d MiB", normal.sent/mib)
	}
}

// Sites share alike, whatever the number of their jobs and the size of their parts;
// so do the jobs of one site.
func TestSitesAndJobsShareAlike(t *testing.T) {
	t.Parallel()
	for seed := range uint64(2) {
		w := newWorld(t, seed, Options{})
		e := write("archive")
		e.Most = 4
		bySite, all := map[string]int64{}, []*sender{}
		for n := range 12 {
			site := "crowded"
			if n == 0 {
				site = "lonely"
			}
			all = append(all, w.start(Work{Job: fmt.Sprint(n), Site: site}, e, 1_000_000, 8, int64(1+n%4)*2*mib))
		}
		w.run(2 * time.Minute)
		for _, s := range all {
			bySite[s.work.Site] += s.sent
		}
		if ratio := float64(bySite["lonely"]) / float64(bySite["crowded"]); ratio < 0.9 || ratio > 1.1 {
			t.Errorf("seed %d: the sites have %.2f to 1", seed, ratio)
		}
		for _, s := range all[1:] {
			if share := float64(s.sent) / float64(bySite["crowded"]); share < 0.08 || share > 0.102 {
				t.Errorf("seed %d: %s has %.3f of its site's part, an eleventh is right", seed, s.work.Job, share)
			}
		}
	}
}

// More parts at once are tried while they bring more, and not kept where they do not.
func TestAPlaceGetsAsManyPartsAsItIsWorth(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		worth       int // parts; more bring nothing
		busyAt      int
		least, most int
		part        int64
	}{
		"one stream fills it":  {1, 0, 1, 8, 8 * mib},
		"a long link":          {24, 0, 16, 40, 8 * mib},
		"as many as there are": {64, 0, 48, 64, 8 * mib},
		"it refuses beyond 6":  {64, 6, 2, 12, 8 * mib},
	} {
		for seed := range uint64(2) {
			w := newWorld(t, seed, Options{})
			w.busyAt = test.busyAt
			w.link = func(parts int) float64 { return float64(min(parts, test.worth)) * 10 * mib }
			s := w.start(Work{Job: "a"}, write("archive"), 1_000_000, 128, test.part)
			w.run(20 * time.Second)
			var sum, n int
			for range 100 {
				w.run(time.Second)
				sum += s.flow.lane.adaptive.limit
				n++
			}
			if mean := sum / n; mean < test.least || mean > test.most {
				t.Errorf("%s, seed %d: it has %d parts at once, %d to %d are right", name, seed, mean, test.least, test.most)
			}
		}
	}
}

// A programme that has to be on air overtakes in time, and not long before.
func TestADeadlineIsKept(t *testing.T) {
	t.Parallel()
	for seed := range uint64(2) {
		w := newWorld(t, seed, Options{})
		e := write("archive")
		e.Most = 8
		for n := range 8 {
			w.start(Work{Job: fmt.Sprint(n), Priority: Normal}, e, 1_000_000, 4, 8*mib)
		}
		air := w.now.Add(10 * time.Minute)
		show := w.start(Work{Job: "show", Priority: Bulk, Deadline: air}, e, 2000, 16, 8*mib) // alone it takes 160 s
		w.run(time.Minute)
		if show.job.level >= Urgent {
			t.Errorf("seed %d: it is urgent nine minutes before", seed)
		}
		w.run(10 * time.Minute)
		if show.finished.IsZero() || show.finished.After(air) {
			t.Errorf("seed %d: it ended %v late", seed, w.now.Sub(air))
		}
	}
}

// The same seed gives the same decisions.
func TestDecisionsDependOnNothingElse(t *testing.T) {
	t.Parallel()
	outcome := func() (text string) {
		w := newWorld(t, 7, Options{Jobs: 6})
		for n := range 20 {
			w.start(Work{Job: fmt.Sprint(n), Site: fmt.Sprint(n % 3), Priority: Priority(n%4) - 1}, write(fmt.Sprint("place", n%2)), 50, 1, int64(1+n%5)*mib)
			w.run(time.Second)
		}
		w.run(time.Hour)
		for _, s := range w.all {
			text += fmt.Sprint(s.work.Job, s.finished.UnixNano(), s.lost, " ")
		}
		return text
	}
	if a, b := outcome(), outcome(); a != b {
		t.Errorf("%s\n%s", a, b)
	}
}
