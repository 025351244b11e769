package dispatch_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"gantry/connectors"
	"gantry/orchestrator/catalog"
	"gantry/orchestrator/dispatch"
	"gantry/transfer"
	"gantry/transfer/agent/wire"
)

func TestAnArrivalBecomesAnAssetAndARun(t *testing.T) {
	w := newWorld(t)
	w.must(w.take(w.arrival("A1", "in", "day 1/clip & <1>.mxf")))
	w.wantState("taken", "assets [processing:1] transfers [done:1] events 1")
	asset := read(w, func(ctx context.Context, r catalog.Reader) (catalog.Asset, error) { return r.AssetByArrival(ctx, "A1") })
	if asset.Name != "clip & <1>.mxf" || asset.Site != "venue" || asset.Route != "in" || asset.Workflow != "clip" || asset.Size != 7 || !asset.ArrivedAt.Equal(w.now) {
		t.Errorf("the asset is %+v", asset)
	}
	original := read(w, func(ctx context.Context, r catalog.Reader) (catalog.Rendition, error) {
		return r.Rendition(ctx, asset.ID, "original")
	})
	c := read(w, func(ctx context.Context, r catalog.Reader) (catalog.Copy, error) {
		return r.CopyAt(ctx, "hot", "day 1/clip & <1>.mxf")
	})
	if c.AssetID != asset.ID || c.RenditionID != original.ID || c.Kind != catalog.CopyHot || c.Tier != "hot" || c.Proof != "native" {
		t.Errorf("the copy is %+v", c)
	}
	if len(asset.Labels) != 1 || asset.Labels["sport"] != "ski & more" {
		t.Errorf("the labels are %v", asset.Labels)
	}
	move := read(w, func(ctx context.Context, r catalog.Reader) (catalog.Transfer, error) {
		return r.TransferByKey(ctx, "arrival/A1")
	})
	if move.Kind != catalog.TransferIngest || move.AssetID != asset.ID || move.Done != 7 || !strings.Contains(string(move.Receipts), "clip") {
		t.Errorf("the move is %+v", move)
	}
	want := `begin clip of run` + strings.TrimPrefix(asset.ID, "as") + ` for as_ with {"asset":{"id":"` + asset.ID + `","name":"clip \u0026 \u003c1\u003e.mxf","site":"venue","route":"in"},` +
		`"source":{"location":"hot","path":"day 1/clip \u0026 \u003c1\u003e.mxf","size":7,"digests":{"xxh128":"00"}}}`
	if got := w.runs.take(); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if agents := w.Agents(); len(agents) != 1 || agents[0].Name != "a" || !agents[0].LastSeen.Equal(w.now) {
		t.Errorf("the agents are %+v", agents)
	}
}

func TestAWorkflowThatCannotBeStartedHoldsUpNothing(t *testing.T) {
	w := newWorld(t)
	w.runs.refuse = &catalog.Missing{What: "workflow", ID: "clip"}
	w.must(w.take(w.arrival("A1", "in", "a"), w.arrival("A2", "quiet", "b")))
	w.wantState("taken", "assets [arrived:1 failed:1] transfers [done:2] events 2")
	a := read(w, func(ctx context.Context, r catalog.Reader) (catalog.Asset, error) { return r.AssetByArrival(ctx, "A1") })
	if a.Reason != `there is no workflow "clip"` || !a.UpdatedAt.Equal(w.now) {
		t.Errorf("the asset is %+v", a)
	}
	w.runs.refuse = catalog.ErrBusy
	if err := w.take(w.arrival("A3", "in", "c")); !errors.Is(err, catalog.ErrBusy) {
		t.Errorf("got %v; want to be asked again later", err)
	}
	w.wantState("refused", "assets [arrived:1 failed:1] transfers [done:2] events 2")
}

func TestRoutesWithoutAWorkflow(t *testing.T) {
	w := newWorld(t)
	w.must(w.take(w.arrival("A1", "quiet", "a"), w.arrival("A2", "gone", "b")))
	w.wantState("taken", "assets [arrived:2] transfers [done:2] events 2")
	if got := w.runs.take(); got != "" {
		t.Errorf("it begins %s", got)
	}
	a := read(w, func(ctx context.Context, r catalog.Reader) (catalog.Asset, error) { return r.AssetByArrival(ctx, "A2") })
	if !strings.Contains(a.Reason, `there is no Route "gone" any more`) {
		t.Errorf("the reason is %q", a.Reason)
	}
}

// However often and in whatever order events come, the same comes of them.
func TestEventsCountOnce(t *testing.T) {
	w := newWorld(t)
	n := 0
	rapid.Check(t, func(rt *rapid.T) {
		n++
		id := func(s string) string { return s + strings.Repeat("x", n) }
		events := []wire.Event{
			w.arrival(id("A"), "in", id("a")), w.failure(id("A"), "in", id("a")), w.arrival(id("B"), "in", id("b")), w.failure(id("C"), "in", id("c")),
			w.event(id("alarm"), wire.EventAlarm, wire.Alarm{Subject: "in", Message: "full"}),
		}
		sent := slices.Concat(events, rapid.SliceOfN(rapid.SampledFrom(events), 0, 10).Draw(rt, "again"))
		sent = rapid.Permutation(sent).Draw(rt, "order")
		for len(sent) > 0 {
			size := rapid.IntRange(1, len(sent)).Draw(rt, "batch")
			if err := w.take(sent[:size]...); err != nil {
				rt.Fatal(err)
			}
			sent = sent[size:]
		}
		statuses := ""
		for _, name := range []string{"A", "B", "C"} {
			statuses += " " + read(w, func(ctx context.Context, r catalog.Reader) (catalog.Transfer, error) {
				return r.TransferByKey(ctx, "arrival/"+id(name))
			}).Status
		}
		if statuses != " done done failed" {
			rt.Fatalf("the moves are%s", statuses)
		}
		if begun := strings.Count(w.runs.take(), "begin"); begun != 2 {
			rt.Fatalf("%d runs began; want 2", begun)
		}
	})
}

func TestAFailureThatIsToldAgainChangesNothing(t *testing.T) {
	w := newWorld(t)
	w.must(w.take(w.failure("A", "in", "a")))
	move := read(w, func(ctx context.Context, r catalog.Reader) (catalog.Transfer, error) {
		return r.TransferByKey(ctx, "arrival/A")
	})
	if move.Status != catalog.TransferFailed || move.Error != "a: full" {
		t.Errorf("the move is %+v", move)
	}
	snapshot := func(at time.Time) {
		t.Helper()
		w.must(w.Progressing(t.Context(), "A", wire.ArrivalProgress{Agent: "a", Site: "venue", Route: "in", Path: "a", Phase: "moving", Size: 7, At: at}))
	}
	snapshot(w.now)
	snapshot(w.now.Add(-time.Second))
	snapshot(time.Time{})
	if again := w.transfer(move.ID); again.Status != catalog.TransferFailed || again.Error != move.Error || again.Phase != "" {
		t.Errorf("after a late snapshot, the move is %+v", again)
	}
	told := w.failure("A", "in", "a")
	w.pass(time.Second)
	snapshot(w.now)
	w.must(w.take(told))
	if move = w.transfer(move.ID); move.Status != catalog.TransferMoving || move.Error != "" || !move.EndedAt.IsZero() {
		t.Errorf("tried again, the move is %+v", move)
	}
}

func TestTheNumberOfAgentsIsBounded(t *testing.T) {
	w := newWorld(t)
	for n := range 1500 {
		w.pass(time.Second)
		w.Heard(fmt.Sprintf("a%04d", n), "venue")
		w.Heard("steady", "venue")
	}
	agents := w.Agents()
	if len(agents) != 1000 || agents[0].Name != "a0501" || agents[999].Name != "steady" {
		t.Errorf("there are %d agents, from %s to %s", len(agents), agents[0].Name, agents[len(agents)-1].Name)
	}
}

func TestWhatCannotBeTakenIn(t *testing.T) {
	good := func(w *world) wire.Arrival {
		var a wire.Arrival
		w.must(json.Unmarshal(w.arrival("A1", "in", "a").Data, &a))
		return a
	}
	for name, bad := range map[string]func(w *world) wire.Event{
		"no id":           func(w *world) wire.Event { e := w.arrival("A1", "in", "a"); e.ID = ""; return e },
		"no type":         func(w *world) wire.Event { e := w.arrival("A1", "in", "a"); e.Type = ""; return e },
		"no data":         func(w *world) wire.Event { e := w.arrival("A1", "in", "a"); e.Data = nil; return e },
		"other data":      func(w *world) wire.Event { return w.event("e", wire.EventArrived, []int{1}) },
		"other failure":   func(w *world) wire.Event { return w.event("e", wire.EventFailed, "x") },
		"a failure of no": func(w *world) wire.Event { return w.event("e", wire.EventFailed, wire.ArrivalFailure{}) },
		"no arrival":      func(w *world) wire.Event { return w.arrival("", "in", "a") },
		"no path":         func(w *world) wire.Event { return w.arrival("A1", "in", "") },
		"a path outside":  func(w *world) wire.Event { return w.arrival("A1", "in", "a/../..") },
		"no copies": func(w *world) wire.Event {
			a := good(w)
			a.Receipt.Copies = nil
			return w.event("e", wire.EventArrived, a)
		},
		"a copy outside": func(w *world) wire.Event {
			a := good(w)
			a.Receipt.Copies[0].Path = "../a"
			return w.event("e", wire.EventArrived, a)
		},
		"a copy nowhere": func(w *world) wire.Event {
			a := good(w)
			a.Receipt.Copies[0].Location = ""
			return w.event("e", wire.EventArrived, a)
		},
		"a copy unproved": func(w *world) wire.Event {
			a := good(w)
			a.Receipt.Copies[0].Proof = ""
			return w.event("e", wire.EventArrived, a)
		},
		"a copy proved otherwise": func(w *world) wire.Event {
			a := good(w)
			a.Receipt.Copies[0].Proof = "hearsay"
			return w.event("e", wire.EventArrived, a)
		},
		"a size below 0": func(w *world) wire.Event {
			a := good(w)
			a.Receipt.Size = -1
			return w.event("e", wire.EventArrived, a)
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			err := w.take(w.arrival("A0", "in", "first"), bad(w))
			if unusable, ok := errors.AsType[*dispatch.Unusable](err); !ok || unusable.Err == nil {
				t.Errorf("got %v; want it unusable", err)
			}
			w.wantState("afterwards", "assets [] transfers [] events 0")
			w.must(w.take(w.arrival("A0", "in", "first")))
			w.wantState("alone", "assets [processing:1] transfers [done:1] events 1")
		})
	}
}

func TestWhoDoesNotSayWhoCallsIsRefused(t *testing.T) {
	w := newWorld(t)
	for _, err := range []error{
		w.Take(t.Context(), wire.EventBatch{Site: "venue"}),
		w.Progressing(t.Context(), "A", wire.ArrivalProgress{Agent: "a"}),
		func() error { _, err := w.Orders(t.Context(), wire.LeaseRequest{}); return err }(),
	} {
		if connectors.KindOf(err) != connectors.KindInvalid {
			t.Errorf("got %v", err)
		}
	}
	if len(w.Agents()) != 0 {
		t.Errorf("the agents are %+v", w.Agents())
	}
}

func TestAFileFromItsFirstByteToItsEnd(t *testing.T) {
	w := newWorld(t)
	progress := func(id, phase string, size, done int64) {
		t.Helper()
		w.must(w.Progressing(t.Context(), id, wire.ArrivalProgress{
			Agent: "a", Site: "venue", Route: "in", Path: "a", Phase: phase, Size: size, Transfer: transfer.Progress{Done: done, Total: size},
		}))
	}
	progress("growing-id", wire.PhaseGrowing, 3, 0)
	progress("growing-id", wire.PhaseGrowing, 5, 0)
	w.wantState("growing", "assets [] transfers [] events 0")
	if growing := w.Recordings(); len(growing) != 1 || growing[0].Size != 5 || growing[0].Path != "a" || !growing[0].LastSeen.Equal(w.now) {
		t.Errorf("the recordings are %+v", growing)
	}
	progress("A1", "moving", 7, 3)
	w.wantState("moving", "assets [] transfers [moving:1] events 0")
	if growing := w.Recordings(); len(growing) != 0 {
		t.Errorf("the recordings are %+v still", growing)
	}
	move := read(w, func(ctx context.Context, r catalog.Reader) (catalog.Transfer, error) {
		return r.TransferByKey(ctx, "arrival/A1")
	})
	if move.Done != 3 || move.Total != 7 || move.Phase != "moving" || !strings.Contains(string(move.Spec), `"path":"a"`) {
		t.Errorf("the move is %+v", move)
	}
	w.must(w.take(w.arrival("A1", "in", "a")))
	progress("A1", "moving", 7, 5)
	w.wantState("arrived", "assets [processing:1] transfers [done:1] events 1")
	if move = w.transfer(move.ID); move.Done != 7 || move.Phase != "" {
		t.Errorf("a late snapshot made it %+v", move)
	}
}

func TestARecordingThatNobodySpeaksOfIsForgotten(t *testing.T) {
	w := newWorld(t)
	for _, path := range []string{"b", "a"} {
		w.must(w.Progressing(t.Context(), "id", wire.ArrivalProgress{Agent: "a", Site: "venue", Route: "in", Path: path, Phase: wire.PhaseGrowing, Size: 1}))
	}
	if growing := w.Recordings(); len(growing) != 2 || growing[0].Path != "a" {
		t.Errorf("the recordings are %+v", growing)
	}
	w.must(w.take(w.arrival("A1", "in", "a")))
	if growing := w.Recordings(); len(growing) != 1 {
		t.Errorf("after an arrival they are %+v", growing)
	}
	w.pass(time.Minute)
	if growing := w.Recordings(); len(growing) != 0 || growing == nil {
		t.Errorf("a minute later they are %+v", growing)
	}
}

func TestTheConfigurationOfASite(t *testing.T) {
	w := newWorld(t)
	venue, err := w.Config("venue")
	w.must(err)
	if len(venue.Routes) != 2 || venue.Routes[0].Name != "in" || len(venue.Locations) != 3 || venue.Locations["card"].URL != "file:///card" || venue.Version == "" {
		t.Errorf("the venue's is %+v", venue)
	}
	again, err := w.Config("venue")
	w.must(err)
	other, err := w.Config("other")
	w.must(err)
	if again.Version != venue.Version || other.Version == venue.Version || len(other.Routes) != 0 || other.Routes == nil {
		t.Errorf("the versions are %s, %s, %s", venue.Version, again.Version, other.Version)
	}
}
