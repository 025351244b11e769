package schedule

import (
	"slices"
	"testing"
	"time"

	"gantry/connectors/wrap/throttle"
)

// Within a limit few parts are under way at once: sixteen at a tenth of the rate each
// would bring the first one late. Urgent ones need not wait, and each part that arrives
// makes room for the next one.
func TestFewPartsAreUnderWayWithinALimit(t *testing.T) {
	t.Parallel()
	now := time.Unix(1e9, 0)
	c := newCore(Options{Slots: 64, Jobs: 64, Age: 10 * time.Second})
	c.limitScope(now, OfSite("venue"), throttle.Always(throttle.Rate{Up: 10 * mib}))
	enter := func(name string, p Priority) *flow {
		return c.open(c.enter(now, Work{Job: name, Site: "venue", Priority: p}), write("archive"))
	}
	under := func() (list []*claim) {
		c.settle(now)
		return c.endpoints["archive"].lanes[Write].running
	}
	bulk := enter("bulk", Bulk)
	for range 16 {
		c.request(now, bulk, 8*mib, func(error) {})
	}
	if n := len(under()); n != 2 {
		t.Errorf("%d parts of 8 MiB are under way at 10 MiB/s", n)
	}
	other := enter("third", Bulk)
	c.request(now, other, 8*mib, func(error) {})
	c.settle(now)
	if why := c.waiting(now, other.job); why != "others go first within the bandwidth limit of site venue" {
		t.Errorf("it waits because %q", why)
	}
	c.request(now, enter("clip", Urgent), 8*mib, func(error) {})
	if n := len(under()); n != 3 {
		t.Errorf("%d parts are under way with an urgent one", n)
	}
	for range 18 {
		for _, k := range under() {
			k.moved.Store(k.bytes)
			c.release(now, k, nil)
			break
		}
	}
	if n := len(under()); n != 0 {
		t.Errorf("%d parts are left of 18", n)
	}
	if l := c.limits[OfSite("venue")]; l.flying != (flying{}) {
		t.Errorf("%v bytes are counted", l.flying)
	}
	c.limitScope(now, OfSite("venue"), throttle.Timetable{})
	for range 4 {
		c.request(now, bulk, 8*mib, func(error) {})
	}
	if n := len(under()); n != 4 {
		t.Errorf("%d parts are under way without a limit", n)
	}
}

// A limited site, with a clock that the test moves.
type venue struct {
	*core
	now  time.Time
	wake time.Time
}

func newVenue(rate int64) *venue {
	v := &venue{core: newCore(Options{Slots: 64, Jobs: 64, Age: 10 * time.Second}), now: time.Unix(1e9, 0)}
	v.limitScope(v.now, OfSite("venue"), throttle.Always(throttle.Rate{Up: rate}))
	return v
}

func (v *venue) ask(job, place string, p Priority, bytes int64, most int) *claim {
	e := Endpoint{Name: place, Direction: Write, Most: most}
	k := v.request(v.now, v.open(v.enter(v.now, Work{Job: job, Site: "venue", Priority: p}), e), bytes, func(error) {})
	v.wake = v.settle(v.now)
	return k
}

// wait lets time pass as the scheduler's timer would, while parts move, until one has
// its slot. It gives how long that took; below zero: never within a minute.
func (v *venue) wait(k *claim, rate int64, moving ...*claim) time.Duration {
	for took := time.Duration(0); took < time.Minute; took += 100 * time.Millisecond {
		if isOpen(k.ready) {
			return took
		}
		v.now = v.now.Add(100 * time.Millisecond)
		for _, m := range moving {
			m.moved.Add(rate / 10 / int64(len(moving)))
		}
		if !v.wake.IsZero() && !v.now.Before(v.wake) {
			v.wake = v.settle(v.now)
		}
	}
	return -1
}

// A part that has long to go within a limit keeps only parts of its own priority and
// lower ones waiting.
func TestAHigherPriorityDoesNotWaitWithinALimit(t *testing.T) {
	t.Parallel()
	v := newVenue(mib)
	bulk := v.ask("bulk", "archive", Bulk, 64*mib, 0)
	if took := v.wait(bulk, 0); took != 0 {
		t.Fatalf("bulk waits for %v", took)
	}
	if took := v.wait(v.ask("news", "archive", High, mib, 0), mib, bulk); took != 0 {
		t.Errorf("high waits for %v", took)
	}
	more := v.ask("more", "archive", Bulk, mib, 0)
	if took := v.wait(more, mib, bulk); took >= 0 {
		t.Errorf("another bulk part waits for %v only", took)
	}
}

// One that has the only connection of its place gives it to a job of high priority,
// but not again and again, and not where it is done soon.
func TestHighTakesASlotThatALimitMakesSlow(t *testing.T) {
	t.Parallel()
	v := newVenue(mib)
	bulk := v.ask("bulk", "ftp", Bulk, 64*mib, 1)
	v.wait(v.ask("other", "elsewhere", Normal, 1, 1), mib, bulk)
	if took := v.wait(v.ask("normal", "ftp", Normal, mib, 1), mib, bulk); took >= 0 || bulk.dying {
		t.Errorf("normal waits for %v, taken away %v", took, bulk.dying)
	}
	high := v.ask("news", "ftp", High, mib, 1)
	if isOpen(high.ready) || bulk.dying {
		t.Error("a part was taken away that is done in a second or two")
	}
	bulk.moved.Store(mib)
	if v.wait(high, 0) != time.Second || !bulk.dying {
		t.Errorf("high did not get the slot; taken away %v", bulk.dying)
	}
	v.release(v.now, bulk, ErrPreempted)
	bulk.flow.lost = spared
	v.release(v.now, high, nil)
	kept := v.request(v.now, bulk.flow, 64*mib, func(error) {})
	for _, k := range slices.Clone(bulk.flow.lane.waiting) {
		if k != kept {
			v.withdraw(v.now, k)
		}
	}
	v.settle(v.now)
	if high = v.ask("late news", "ftp", High, mib, 1); isOpen(high.ready) || !isOpen(kept.ready) || kept.dying {
		t.Error("a job that has lost several parts loses the next one too")
	}
}

// A place that hangs keeps no other place of its site waiting, at first because there
// nothing flies yet, and then because it takes nothing of the rate.
func TestAPlaceThatHangsHoldsNoOthersWithinALimit(t *testing.T) {
	t.Parallel()
	v := newVenue(mib)
	v.ask("first", "hangs", Normal, 8*mib, 0)
	one := v.ask("second", "fine", Normal, mib/2, 0)
	if took := v.wait(one, 0); took != 0 {
		t.Errorf("the first part of another place waits for %v", took)
	}
	if took := v.wait(v.ask("third", "fine", Normal, mib/2, 0), mib/64, one); took < 0 || took > still+lookEvery {
		t.Errorf("the next one waits for %v", took)
	}
}

// Whoever waits for a limit does not hang.
func TestAPartThatWaitsForALimitCounts(t *testing.T) {
	t.Parallel()
	v := newVenue(mib)
	one := v.ask("first", "archive", Normal, 8*mib, 0)
	one.asking = 1
	if took := v.wait(v.ask("second", "archive", Normal, mib, 0), 0); took >= 0 {
		t.Errorf("another part flies after %v", took)
	}
}
