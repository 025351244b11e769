package schedule

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

// Whatever jobs do, in any order: no more parts have slots than may, all that was
// taken is given back, and who can move does move.
func TestAnyOrderOfEvents(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		slots := rapid.IntRange(1, 6).Draw(t, "slots")
		c := newCore(Options{Slots: slots, Jobs: rapid.IntRange(1, 6).Draw(t, "jobs"), Age: 10 * time.Second})
		now := time.Unix(1_790_000_000, 0)
		most := rapid.IntRange(0, 4).Draw(t, "most")
		var jobs []*job
		var flows []*flow
		claims := map[*claim]bool{}
		list := func() (list []*claim) {
			for _, e := range c.list {
				for d := range e.lanes {
					list = append(append(list, e.lanes[d].waiting...), e.lanes[d].running...)
				}
			}
			return list
		}
		t.Repeat(map[string]func(*rapid.T){
			"enter": func(t *rapid.T) {
				w := Work{Site: rapid.SampledFrom([]string{"", "a", "b"}).Draw(t, "site"), Priority: Priority(rapid.IntRange(-1, 2).Draw(t, "priority"))}
				if rapid.Bool().Draw(t, "due") {
					w.Deadline = now.Add(time.Duration(rapid.IntRange(-10, 1000).Draw(t, "deadline")) * time.Second)
				}
				j := c.enter(now, w)
				jobs = append(jobs, j)
				e := Endpoint{Name: rapid.SampledFrom([]string{"x", "y"}).Draw(t, "place"), Direction: Direction(rapid.IntRange(0, 1).Draw(t, "way")), Most: most}
				flows = append(flows, c.open(j, e))
			},
			"ask": func(t *rapid.T) {
				if len(flows) == 0 {
					t.Skip("there is no job")
				}
				f := rapid.SampledFrom(flows).Draw(t, "flow")
				if !f.job.left && f.job.begun {
					k := c.request(now, f, int64(rapid.IntRange(1, 3<<20).Draw(t, "bytes")), func(error) {})
					claims[k] = true
				}
			},
			"end": func(t *rapid.T) {
				if all := list(); len(all) > 0 {
					k := rapid.SampledFrom(all).Draw(t, "part")
					k.moved.Store(rapid.Int64Range(0, k.bytes).Draw(t, "moved"))
					c.withdraw(now, k)
					delete(claims, k)
				}
			},
			"pause": func(t *rapid.T) {
				if len(jobs) > 0 {
					paused := rapid.Bool().Draw(t, "paused")
					c.change(now, rapid.SampledFrom(jobs).Draw(t, "job"), Change{Paused: &paused})
				}
			},
			"time": func(t *rapid.T) {
				now = now.Add(time.Duration(rapid.IntRange(1, 20_000).Draw(t, "ms")) * time.Millisecond)
			},
			"": func(t *rapid.T) {
				c.settle(now)
				for k := range claims {
					if k.err != nil {
						delete(claims, k)
					}
				}
				if n := len(list()); n != len(claims) {
					t.Fatalf("%d parts are known, %d were asked for", n, len(claims))
				}
				for _, e := range c.list {
					alive := 0
					for d := range e.lanes {
						l := &e.lanes[d]
						moving := 0
						for _, k := range l.running {
							if !k.dying {
								moving++
								alive++
							}
						}
						if moving > slots+extras {
							t.Fatalf("%d parts move at %s, %d may", moving, e.name, slots)
						}
						for _, k := range l.waiting {
							if moving == 0 && !k.held && alive == 0 && len(e.lanes[Read].running)+len(e.lanes[Write].running) == 0 {
								t.Fatalf("a part waits at %s, where nothing moves", e.name)
							}
						}
					}
					if most > 0 && alive > most {
						t.Fatalf("%d parts move at %s, %d may", alive, e.name, most)
					}
				}
			},
		})
		for _, k := range list() {
			c.withdraw(now, k)
		}
		for _, j := range jobs {
			c.leave(now, j)
		}
		c.settle(now)
		if len(list())+len(c.jobs)+len(c.line.begun)+len(c.line.waiting)+len(c.pressed) != 0 {
			t.Fatal("something is left")
		}
		for _, e := range c.list {
			for d := range e.lanes {
				if len(e.lanes[d].choice.shares.jobs) > 0 {
					t.Fatal("the ledger remembers jobs that have left")
				}
			}
		}
	})
}
