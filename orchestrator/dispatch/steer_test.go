package dispatch_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"gantry/connectors"
	"gantry/connectors/wrap/throttle"
	"gantry/orchestrator/catalog"
	"gantry/orchestrator/dispatch"
	"gantry/transfer"
	"gantry/transfer/agent/wire"
	"gantry/transfer/schedule"
)

func set[T any](v T) *T { return &v }

func (w *world) controls(after string) wire.Controls {
	w.t.Helper()
	c, err := w.Controls(w.t.Context(), "a", "venue", after, 0)
	w.must(err)
	return c
}

func TestWhatPeopleWantReachesTheAgent(t *testing.T) {
	w := newWorld(t)
	w.place("k1")
	o := w.one("a")
	before := w.controls("")
	if len(before.Work) != 0 {
		t.Errorf("nothing was changed, and the agent is told %+v", before)
	}
	told := make(chan wire.Controls, 1)
	go func() {
		c, err := w.Controls(t.Context(), "a", "venue", before.Version, 20*time.Second)
		w.must(err)
		told <- c
	}()
	table, err := throttle.ParseTimetable("10M")
	w.must(err)
	air := w.now.Add(time.Hour)
	_, err = w.Steer(t.Context(), o.ID, dispatch.Change{Paused: set(true), Priority: set(schedule.Urgent), Deadline: &air, Bandwidth: &table})
	w.must(err)
	select {
	case c := <-told:
		if len(c.Work) != 1 || c.Work[0].Work != "k1" || !*c.Work[0].Paused || *c.Work[0].Priority != schedule.Urgent || !c.Work[0].Deadline.Equal(air) || c.Work[0].Bandwidth.String() != "10M" {
			t.Errorf("the agent is told %+v", c)
		}
	case <-time.After(10 * time.Second):
		t.Fatal("the agent is not told")
	}
	if again := w.controls(""); again.Version == before.Version || len(again.Work) != 1 {
		t.Errorf("asked anew, it is told %+v", again)
	}
	_, err = w.Steer(t.Context(), o.ID, dispatch.Change{Paused: set(false)})
	w.must(err)
	if c := w.controls("").Work[0]; *c.Paused || *c.Priority != schedule.Urgent {
		t.Errorf("what was not changed is now %+v", c)
	}
	w.pass(2 * leaseTime)
	if o = w.one("b"); o.Priority != schedule.Urgent || !o.Deadline.Equal(air) || o.Bandwidth.String() != "10M" {
		t.Errorf("the next agent gets %+v", o)
	}
}

func TestAPausedOrderIsNotLeased(t *testing.T) {
	w := newWorld(t)
	w.place("k1")
	o := w.one("a")
	_, err := w.Steer(t.Context(), o.ID, dispatch.Change{Paused: set(true)})
	w.must(err)
	w.pass(2 * leaseTime)
	if orders := w.lease("b"); len(orders) != 0 {
		t.Errorf("it is leased: %+v", orders)
	}
	_, err = w.Steer(t.Context(), o.ID, dispatch.Change{Paused: set(false)})
	w.must(err)
	w.one("b")
}

func TestACancelledOrderFailsItsStep(t *testing.T) {
	w := newWorld(t)
	asset, o := delivering(w)
	_, err := w.Cancel(t.Context(), o.ID)
	w.must(err)
	if heard := w.runs.take(); !strings.Contains(heard, "cancelled") {
		t.Errorf("the run hears %q", heard)
	}
	if d := w.delivery(asset); d.Status != catalog.DeliveryFailed || d.Error != "cancelled by an operator" {
		t.Errorf("the delivery is %+v", d)
	}
	c := w.controls("")
	if len(c.Work) != 1 || !c.Work[0].Cancelled || c.Work[0].Locations["out"].URL == "" {
		t.Errorf("the agent is told %+v", c)
	}
	w.must(w.End(t.Context(), o.ID, done("a", o))) // told too late, it changes nothing
	if tr := w.transfer(o.ID); tr.Status != catalog.TransferCancelled {
		t.Errorf("it is %+v", tr)
	}
	for name, again := range map[string]func(context.Context, string) (catalog.Transfer, error){
		"cancel": w.Cancel,
		"pause": func(ctx context.Context, id string) (catalog.Transfer, error) {
			return w.Steer(ctx, id, dispatch.Change{Paused: set(true)})
		},
	} {
		if _, err := again(t.Context(), o.ID); !errors.Is(err, catalog.ErrConflict) {
			t.Errorf("%s: %v", name, err)
		}
	}

	tr, err := w.Retry(t.Context(), o.ID)
	w.must(err)
	if tr.Status != catalog.TransferQueued || w.delivery(asset).Status != catalog.DeliveryPending {
		t.Errorf("tried again, it is %+v, and the delivery %+v", tr, w.delivery(asset))
	}
	o = w.one("a")
	w.must(w.End(t.Context(), o.ID, done("a", o)))
	if d := w.delivery(asset); d.Status != catalog.DeliveryDelivered {
		t.Errorf("the delivery is %+v", d)
	}
	if _, err := w.Retry(t.Context(), o.ID); !errors.Is(err, catalog.ErrConflict) {
		t.Errorf("retrying what is done: %v", err)
	}
	if _, err := w.Cancel(t.Context(), "tr_nothing"); !errors.Is(err, catalog.ErrNotFound) {
		t.Errorf("cancelling nothing: %v", err)
	}
}

func TestARetryDoesNotWait(t *testing.T) {
	w := newWorld(t)
	w.place("k1")
	o := w.one("a")
	w.must(w.End(t.Context(), o.ID, failed("a", o, connectors.KindUnavailable, "away")))
	if orders := w.lease("a"); len(orders) != 0 {
		t.Fatalf("it is leased at once: %+v", orders)
	}
	_, err := w.Retry(t.Context(), o.ID)
	w.must(err)
	w.one("a")
}

func TestAnArrivalIsSteeredByItsRow(t *testing.T) {
	w := newWorld(t)
	progress := func(p transfer.Progress) {
		t.Helper()
		w.must(w.Progressing(t.Context(), "ar1", wire.ArrivalProgress{Agent: "a", Site: "venue", Route: "in", Path: "clip", Phase: "moving", Size: 7, At: w.now, Transfer: p}))
	}
	progress(transfer.Progress{Sent: 3, Total: 7, Rate: 2, Priority: schedule.High, Waiting: "paused", Destinations: []transfer.DestinationProgress{{}}})
	rows := read(w, func(ctx context.Context, r catalog.Reader) ([]catalog.Transfer, error) {
		return r.Transfers(ctx, catalog.TransferFilter{Kind: []string{catalog.TransferIngest}})
	})
	if len(rows) != 1 || rows[0].Done != 3 || rows[0].Rate != 2 || rows[0].Priority != schedule.High || rows[0].Waiting != "paused" {
		t.Fatalf("the rows are %+v", rows)
	}
	id, finished := rows[0].ID, true
	if _, err := w.Steer(t.Context(), id, dispatch.Change{Finished: &finished}); !errors.Is(err, catalog.ErrConflict) {
		t.Errorf("what does not grow is finished: %v", err)
	}
	progress(transfer.Progress{Sent: 3, Total: 9, Growing: true})
	_, err := w.Steer(t.Context(), id, dispatch.Change{Finished: &finished})
	w.must(err)
	if c := w.controls("").Work; len(c) != 1 || !c[0].Finished {
		t.Errorf("the agent is told %+v", c)
	}
	_, err = w.Cancel(t.Context(), id)
	w.must(err)
	progress(transfer.Progress{Sent: 4, Total: 7})
	w.must(w.take(w.failure("ar1", "in", "clip")))
	if tr := w.transfer(id); tr.Status != catalog.TransferCancelled {
		t.Errorf("after the agent has given it up it is %+v", tr)
	}
	if c := w.controls("").Work; len(c) != 1 || c[0].Work != "arrival/ar1" || !c[0].Cancelled {
		t.Errorf("the agent is told %+v", c)
	}
	_, err = w.Retry(t.Context(), id)
	w.must(err)
	if c := w.controls("").Work; len(c) != 1 || c[0].Cancelled || c[0].Attempt != 1 || w.transfer(id).Status != catalog.TransferMoving {
		t.Errorf("the agent is told %+v", c)
	}
	w.must(w.take(w.arrival("ar1", "in", "clip")))
	if tr := w.transfer(id); tr.Status != catalog.TransferDone {
		t.Errorf("it is %+v", tr)
	}
}

func TestAnArrivalThatWaitsForItsTurnHasARow(t *testing.T) {
	w := newWorld(t)
	row := func(phase string, p transfer.Progress) catalog.Transfer {
		t.Helper()
		w.must(w.Progressing(t.Context(), "ar1", wire.ArrivalProgress{Agent: "a", Site: "venue", Route: "in", Path: "clip", Phase: phase, Size: 7, At: w.now, Transfer: p}))
		return read(w, func(ctx context.Context, r catalog.Reader) (catalog.Transfer, error) {
			return r.TransferByKey(ctx, "arrival/ar1")
		})
	}
	turn := transfer.Progress{Waiting: "waits for its turn", Priority: schedule.High, ETA: -1}
	if got := row(wire.PhaseQueued, turn); got.Phase != wire.PhaseQueued || got.Waiting != turn.Waiting || got.Total != 7 || got.Priority != schedule.High {
		t.Errorf("it is %+v", got)
	}
	if got := row("moving", transfer.Progress{Sent: 3, Total: 7, Rate: 2, Destinations: []transfer.DestinationProgress{{}}}); got.Waiting != "" || got.Done != 3 {
		t.Errorf("moving, it is %+v", got)
	}
	if got := row(wire.PhaseQueued, turn); got.Done != 3 || got.Rate != 0 || got.Waiting != turn.Waiting {
		t.Errorf("in line again, it is %+v", got)
	}
}
