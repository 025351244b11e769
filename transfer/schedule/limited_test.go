package schedule

import (
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
	if l := c.limits[OfSite("venue")]; l.flying != [2]int64{} {
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
