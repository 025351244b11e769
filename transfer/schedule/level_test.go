package schedule

import (
	"testing"
	"time"
)

// A job that is well in time stays what it is when its copy begins to be read back,
// and however often it opens a flow.
func TestReadingBackMakesNothingUrgent(t *testing.T) {
	t.Parallel()
	const second = 100 << 20 // bytes that move in one
	now := time.Unix(1e9, 0)
	c := newCore(Options{Slots: 64, Jobs: 64, Age: 10 * time.Second})
	j := c.enter(now, Work{Job: "a", Priority: Bulk, Size: 100 << 30, Deadline: now.Add(3 * time.Hour)})
	c.settle(now)
	move := func(d Direction, seconds int) {
		for range seconds {
			f := c.open(j, Endpoint{Name: "to", Direction: d})
			f.used = true
			now = now.Add(time.Second)
			f.moved.Add(second)
			c.settle(now)
			if j.level != Bulk || j.rate < 0 {
				t.Fatalf("at %s it is %v, at %.0f bytes/s, and needs %s", now, j.level, j.rate, j.needs())
			}
		}
	}
	move(Write, 1000)
	if need := j.needs(); need < 20*time.Second || need > 30*time.Second {
		t.Errorf("2.4 GiB at 100 MiB/s need %s", need)
	}
	move(Read, 100)
	if need := j.needs(); need < 900*time.Second || need > 1000*time.Second {
		t.Errorf("most of the reading is left, and it needs %s", need)
	}
	if len(j.flows) != 2 {
		t.Errorf("it has %d flows", len(j.flows))
	}
}
