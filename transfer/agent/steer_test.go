package agent

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"gantry/connectors"
	"gantry/connectors/wrap/throttle"
	"gantry/transfer"
	"gantry/transfer/agent/wire"
	"gantry/transfer/schedule"
)

func set[T any](v T) *T { return &v }

// A sluice lets one part of each file through to the places that the agent opens, and keeps the others until it is opened
// or their calls are cancelled.
type sluice struct {
	open chan struct{}
	once sync.Once
}

func (v *venue) sluice() *sluice {
	s := &sluice{open: make(chan struct{})}
	v.t.Cleanup(s.lift)
	open := v.options.Open
	v.options.Engine.PartSize = 64 << 10
	v.options.Open = func(ctx context.Context, l connectors.Location) (connectors.Place, error) {
		p, err := open(ctx, l)
		return &sluicedPlace{p, s}, err
	}
	return s
}

func (s *sluice) lift() { s.once.Do(func() { close(s.open) }) }

type sluicedPlace struct {
	connectors.Place
	s *sluice
}

func (p *sluicedPlace) Begin(ctx context.Context, path string, o connectors.UploadOptions) (connectors.Upload, error) {
	up, err := p.Place.Begin(ctx, path, o)
	if err != nil {
		return nil, err
	}
	return &sluicedUpload{up, p.s}, nil
}

type sluicedUpload struct {
	connectors.Upload
	s *sluice
}

func (u *sluicedUpload) WritePart(ctx context.Context, part connectors.Part, r io.ReadSeeker) (connectors.Part, error) {
	if part.Number > 1 {
		select {
		case <-u.s.open:
		case <-ctx.Done():
			return part, ctx.Err()
		}
	}
	return u.Upload.WritePart(ctx, part, r)
}

// seen waits until the agent tells that of its moves.
func seen(t *testing.T, a *Agent, what string, ok func([]MoveStatus) bool) {
	t.Helper()
	eventually(t, what, func() bool { return ok(a.Status().Moves) })
}

func TestAnOrderIsPausedAndGoesOn(t *testing.T) {
	t.Parallel()
	v := newVenue(t)
	s := v.sluice()
	order, partner := v.delivery(t)
	order.Priority = schedule.Bulk
	a, _ := v.start()
	o := v.hub.order(order)
	v.hub.eventually("progress", func() bool { return len(o.reports) > 0 && o.reports[len(o.reports)-1].Done > 0 })
	air := time.Date(2026, 5, 1, 20, 15, 0, 0, time.UTC)
	v.hub.wants(wire.Control{Work: order.Key, Paused: set(true), Priority: set(schedule.Urgent), Deadline: &air})
	v.hub.eventually("it tells that it is paused", func() bool { return o.reports[len(o.reports)-1].Waiting == "paused" })
	s.lift()
	if _, there := files(t, partner)["job 7/clip.mxf"]; there || o.result != nil {
		t.Fatal("it went on")
	}
	seen(t, a, "it is urgent", func(m []MoveStatus) bool { return len(m) > 0 && m[0].Priority == schedule.Urgent })
	v.hub.wants(wire.Control{Work: order.Key, Paused: set(false), Priority: set(schedule.Urgent)})
	v.hub.eventually("the result", func() bool { return o.result != nil })
	if o.result.Failure != nil || len(o.result.Receipts) != 5 {
		t.Errorf("it ended with %+v", o.result)
	}
	v.hub.mu.Lock()
	defer v.hub.mu.Unlock()
	last := o.reports[len(o.reports)-1]
	if last.Moving == nil || last.Done == 0 || last.Total < 2<<20 {
		t.Errorf("it told %+v", last)
	}
}

func TestAnOrderThatIsCancelledLeavesNothing(t *testing.T) {
	t.Parallel()
	for name, restart := range map[string]bool{"while it runs": false, "that an earlier process has begun": true} {
		t.Run(name, func(t *testing.T) {
			v := newVenue(t)
			v.sluice()
			order, partner := v.delivery(t)
			a, stop := v.start()
			o := v.hub.order(order)
			v.hub.eventually("progress", func() bool { return len(o.reports) > 0 && o.reports[len(o.reports)-1].Done > 0 })
			if restart {
				stop()
				v.hub.with(func() { o.Fence++ })
			}
			v.hub.wants(wire.Control{Work: order.Key, Cancelled: true, Locations: order.Locations})
			if restart {
				a, _ = v.start()
			}
			eventually(t, "its uploads are aborted", func() bool {
				return onlyDone(partner) && len(a.Status().Moves) == 0
			})
			if o.result != nil {
				t.Errorf("it ended with %+v", o.result)
			}
		})
	}
}

// onlyDone tells whether nothing lies in a folder but the small file of the delivery: a copy that was finished stays.
func onlyDone(dir string) bool {
	clean := true
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && filepath.Base(path) != "clip.jpg" {
			clean = false
		}
		return err // what vanishes meanwhile is looked for once more
	})
	return err == nil && clean
}

func TestAnArrivalIsSteered(t *testing.T) {
	t.Parallel()
	v := newVenue(t)
	s := v.sluice()
	a, _ := v.start()
	v.put("clip.mxf", noise(300<<10, 3))
	var job string
	seen(t, a, "it moves", func(m []MoveStatus) bool {
		if len(m) == 1 && m[0].Done > 0 {
			job = m[0].Job
		}
		return job != ""
	})
	table, err := throttle.ParseTimetable("1G")
	if err != nil {
		t.Fatal(err)
	}
	v.hub.wants(wire.Control{Work: job, Paused: set(true), Priority: set(schedule.High), Bandwidth: &table})
	seen(t, a, "it is paused", func(m []MoveStatus) bool {
		return len(m) == 1 && m[0].Waiting == "paused" && m[0].Priority == schedule.High
	})

	v.hub.wants(wire.Control{Work: job, Cancelled: true})
	v.hub.eventually("it is told as cancelled", func() bool {
		for _, e := range v.hub.events {
			if e.Type == wire.EventFailed {
				return true
			}
		}
		return false
	})
	eventually(t, "its upload is aborted", func() bool { return onlyDone(v.out) && len(a.Status().Moves) == 0 })

	s.lift()
	v.hub.wants(wire.Control{Work: job, Attempt: 1})
	v.hub.arrival("clip.mxf")
}

// arrival waits for the event that a file has arrived.
func (h *fakeHub) arrival(path string) {
	h.t.Helper()
	h.eventually("the arrival of "+path, func() bool {
		for _, e := range h.events {
			if e.Type == wire.EventArrived {
				return true
			}
		}
		return false
	})
}

func TestUrgentWorkDoesNotWaitForTheOthers(t *testing.T) {
	t.Parallel()
	v := newVenue(t)
	v.options.Orders, v.options.Moves = 1, 1
	s := v.sluice()
	a, _ := v.start()
	slow, _ := v.delivery(t)
	slow.ID, slow.Key, slow.Priority = "slow", "slow", schedule.Bulk
	first := v.hub.order(slow)
	seen(t, a, "bulk is under way", func(m []MoveStatus) bool { return len(m) > 0 })
	other, _ := v.delivery(t)
	other.ID, other.Key, other.Priority = "other", "other", schedule.Bulk
	second := v.hub.order(other)
	clip, _ := v.delivery(t)
	clip.ID, clip.Key, clip.Priority = "clip", "clip", schedule.Urgent
	urgent := v.hub.order(clip)
	seen(t, a, "the urgent one is under way, too", func(m []MoveStatus) bool {
		for _, each := range m {
			if each.Priority == schedule.Urgent {
				return true
			}
		}
		return false
	})
	v.hub.mu.Lock()
	leased := second.Fence
	v.hub.mu.Unlock()
	if leased != 0 {
		t.Error("there is room for one of bulk, and two are leased")
	}
	v.hub.wants(wire.Control{Work: "slow", Paused: set(true)}, wire.Control{Work: "clip", Paused: set(true)})
	v.hub.eventually("what is paused makes room", func() bool { return second.Fence > 0 })
	v.hub.wants()
	v.hub.wants(wire.Control{Work: "slow", Paused: set(false)}, wire.Control{Work: "clip", Paused: set(false)})
	s.lift()
	v.hub.eventually("all are done", func() bool { return first.result != nil && second.result != nil && urgent.result != nil })
}

// A crew never has more members of a priority than it may, and there is room for one
// as long as too few are as urgent.
func TestAnyCrew(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		most := rapid.IntRange(1, 4).Draw(t, "most")
		members, paused := map[string]schedule.Priority{}, map[string]bool{}
		c := newCrew(most, func(_ string, p schedule.Priority) schedule.Priority { return p }, func(work string) bool { return paused[work] })
		for i := range rapid.IntRange(1, 40).Draw(t, "steps") {
			p := schedule.Priority(rapid.IntRange(-1, 2).Draw(t, "priority"))
			if work := fmt.Sprint(i); c.room()[p] > 0 {
				c.join(work, p)
				members[work] = p
			} else if rapid.Bool().Draw(t, "pause") {
				for other := range members {
					paused[other] = true
					break
				}
			} else {
				for other := range members {
					c.leave(other)
					delete(members, other)
					break
				}
			}
			for p := schedule.Bulk; p <= schedule.Urgent; p++ {
				same, above := 0, 0
				for work, other := range members {
					if other == p && !paused[work] {
						same++
					}
					if other >= p && !paused[work] {
						above++
					}
				}
				if room := c.room()[p]; same > most || room != max(most-above, 0) {
					t.Fatalf("%d of %s, %d with those above are at work, of at most %d, and there is room for %d", same, p, above, most, room)
				}
			}
		}
	})
}

func TestARouteSaysHowSoonItsFilesAreWanted(t *testing.T) {
	t.Parallel()
	v := newVenue(t)
	table, err := throttle.ParseTimetable("stop")
	if err != nil {
		t.Fatal(err)
	}
	route := wire.Route{Name: "ingest", From: "in", To: "out", Settle: wire.Settle{Stable: 0.2}, Priority: schedule.High, Deadline: 3600, Bandwidth: table}
	v.hub.setConfig(v.config(route))
	a, _ := v.start()
	v.put("clip.mxf", noise(300<<10, 3))
	seen(t, a, "it is held by the route's window", func(m []MoveStatus) bool {
		return len(m) == 1 && m[0].Priority == schedule.High && m[0].Waiting == "held by the bandwidth limit of route ingest"
	})
	for _, p := range a.current().moves.engine.Running() {
		if p.Deadline.IsZero() || p.Held != transfer.HeldBandwidth {
			t.Errorf("it tells %+v", p)
		}
	}
	route.Bandwidth, route.Priority = throttle.Timetable{}, schedule.Urgent
	v.hub.setConfig(v.config(route))
	v.hub.arrival("clip.mxf")
}

// The bandwidth of a place is changed while something moves there.
func TestThePlacesBandwidthHoldsForWhatMoves(t *testing.T) {
	t.Parallel()
	v := newVenue(t)
	order, partner := v.delivery(t)
	to := order.Locations["partner"]
	to.Options = map[string]string{"bandwidth": "stop"}
	order.Locations["partner"] = to
	a, _ := v.start()
	o := v.hub.order(order)
	seen(t, a, "it is held by the partner's limit", func(m []MoveStatus) bool {
		return len(m) > 0 && m[0].Waiting == "held by the bandwidth limit of partner"
	})
	c := v.config()
	table, err := throttle.ParseTimetable("1G")
	if err != nil {
		t.Fatal(err)
	}
	c.Bandwidths = map[string]throttle.Timetable{"partner": table}
	v.hub.setConfig(c)
	v.hub.eventually("the result", func() bool { return o.result != nil })
	if left := files(t, partner); len(left) != 5 {
		t.Errorf("the partner has %v", left)
	}
}
