package catalog_test

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"gantry/connectors"
	"gantry/orchestrator/catalog"
	"gantry/orchestrator/catalog/catalogtest"
	"gantry/transfer/schedule"
)

var noon = time.Date(2026, 7, 1, 12, 0, 0, 123456000, time.UTC)

// TestStore is what every database has to keep.
func TestStore(t *testing.T) {
	catalogtest.OnBoth(t, func(t *testing.T, fresh func(testing.TB) string) {
		cases := []struct {
			name string
			test func(*testing.T, *catalog.Store)
		}{
			{"a transaction happens as a whole or not at all", testAtomic},
			{"a panic in a transaction leaves nothing and is the caller's", testPanic},
			{"a transaction inside a transaction is refused", testNested},
			{"transactions at the same time do not mix", testParallel},
			{"work after the commit is done after a commit only", testAfterCommit},
			{"a row comes back as it went in", testRoundTrip},
			{"an arrival becomes one asset", testRegister},
			{"assets are listed by filter, in pages", testListAssets},
			{"a rendition and a copy keep their IDs", testUpserts},
			{"a run is added once", testRuns},
			{"steps keep their place", testSteps},
			{"an event is appended once, in order, and wakes who waits", testEvents},
			{"a version of a workflow never changes", testWorkflows},
			{"a transfer is leased to one agent", testLease},
			{"urgent transfers are leased first, and paused ones not at all", testLeaseOrder},
			{"an agent is told of what it has, and of what was cancelled", testControlled},
			{"a lost lease is refused", testFence},
			{"a delivery is made once for a partner", testDelivery},
			{"sites and locations", testSites},
			{"everything is counted by status", testCount},
			{"what is not there is ErrNotFound", testNotFound},
		}
		for _, c := range cases {
			t.Run(c.name, func(t *testing.T) { c.test(t, catalogtest.Open(t, fresh(t))) })
		}
		t.Run("open again finds what was written", func(t *testing.T) { testReopen(t, fresh(t)) })
		t.Run("events are numbered in the order of their commits", func(t *testing.T) {
			testEventOrder(t, catalogtest.Open(t, fresh(t)))
		})
	})
}

func write(t *testing.T, s *catalog.Store, fn func(ctx context.Context, tx catalog.Tx)) {
	t.Helper()
	err := s.Write(t.Context(), func(ctx context.Context, tx catalog.Tx) error {
		fn(ctx, tx)
		return nil
	})
	must(t, err)
}

func read[T any](t *testing.T, s *catalog.Store, fn func(ctx context.Context, r catalog.Reader) (T, error)) T {
	t.Helper()
	var v T
	must(t, s.Read(t.Context(), func(ctx context.Context, r catalog.Reader) (err error) {
		v, err = fn(ctx, r)
		return err
	}))
	return v
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func same(t *testing.T, what string, got, want any) {
	t.Helper()
	g, w := toJSON(t, got), toJSON(t, want)
	if g != w {
		t.Fatalf("%s:\n got %s\nwant %s", what, g, w)
	}
}

func toJSON(t *testing.T, v any) string {
	t.Helper()
	data, err := json.Marshal(v)
	must(t, err)
	return string(data)
}

func asset(n int) catalog.Asset {
	return catalog.Asset{
		ID: fmt.Sprintf("as_%03d", n), Name: fmt.Sprintf("clip-%d.mxf", n), Site: "venue", Route: "card", ArrivalID: fmt.Sprintf("arrival-%d", n),
		SourcePath: "card/clip.mxf", Size: 1 << 40, Digests: connectors.Digests{connectors.XXH128: "00ff"}, Status: catalog.AssetArrived,
		RecordedAt: noon, ArrivedAt: noon.Add(time.Second), UpdatedAt: noon,
	}
}

func testAtomic(t *testing.T, s *catalog.Store) {
	failure := errors.New("no")
	err := s.Write(t.Context(), func(ctx context.Context, tx catalog.Tx) error {
		_, _, err := tx.RegisterAsset(ctx, asset(1))
		must(t, err)
		return failure
	})
	if !errors.Is(err, failure) {
		t.Fatalf("got %v", err)
	}
	if n := len(read(t, s, listAssets(catalog.AssetFilter{}))); n != 0 {
		t.Fatalf("%d assets are left", n)
	}
}

func testPanic(t *testing.T, s *catalog.Store) {
	func() {
		defer func() {
			if r := recover(); r != "oh" {
				t.Errorf("recovered %v", r)
			}
		}()
		_ = s.Write(t.Context(), func(ctx context.Context, tx catalog.Tx) error {
			_, _, err := tx.RegisterAsset(ctx, asset(1))
			must(t, err)
			panic("oh")
		})
	}()
	write(t, s, func(ctx context.Context, tx catalog.Tx) {
		if _, err := tx.Asset(ctx, "as_001"); !errors.Is(err, catalog.ErrNotFound) {
			t.Errorf("got %v", err)
		}
	})
}

func testNested(t *testing.T, s *catalog.Store) {
	write(t, s, func(ctx context.Context, _ catalog.Tx) {
		if err := s.Write(ctx, func(context.Context, catalog.Tx) error { return nil }); err == nil {
			t.Error("was not refused")
		}
	})
}

func testParallel(t *testing.T, s *catalog.Store) {
	var wg sync.WaitGroup
	for n := range 60 {
		wg.Go(func() {
			err := s.Write(t.Context(), func(ctx context.Context, tx catalog.Tx) error {
				if _, _, err := tx.RegisterAsset(ctx, asset(n)); err != nil {
					return err
				}
				if n%3 == 0 {
					return errors.New("every third one fails")
				}
				return nil
			})
			if (err != nil) != (n%3 == 0) {
				t.Errorf("%d: %v", n, err)
			}
		})
	}
	wg.Wait()
	if n := len(read(t, s, listAssets(catalog.AssetFilter{}))); n != 40 {
		t.Fatalf("%d assets, want 40", n)
	}
}

func testAfterCommit(t *testing.T, s *catalog.Store) {
	var calls []string
	_ = s.Write(t.Context(), func(_ context.Context, tx catalog.Tx) error {
		tx.AfterCommit(func() { calls = append(calls, "failed") })
		return errors.New("no")
	})
	write(t, s, func(_ context.Context, tx catalog.Tx) {
		tx.AfterCommit(func() { calls = append(calls, "first") })
		tx.AfterCommit(func() { calls = append(calls, "second") })
	})
	same(t, "calls", calls, []string{"first", "second"})
}

func testRoundTrip(t *testing.T, s *catalog.Store) {
	a := asset(1)
	a.Name = "O'Brien – 半分 \\ % _ \".mxf"
	a.Labels = map[string]string{"sport": "Ski \"Alpin\" 半"}
	a.Facts = json.RawMessage(`{"title":"NUL \u0000 and order", "b":1,  "a":2}`)
	write(t, s, func(ctx context.Context, tx catalog.Tx) {
		_, _, err := tx.RegisterAsset(ctx, a)
		must(t, err)
	})
	got := read(t, s, func(ctx context.Context, r catalog.Reader) (catalog.Asset, error) { return r.Asset(ctx, a.ID) })
	if string(got.Facts) != string(a.Facts) || !got.RecordedAt.Equal(a.RecordedAt) || !got.LiveAt.IsZero() {
		t.Fatalf("got %s, %v, %v", got.Facts, got.RecordedAt, got.LiveAt)
	}
	same(t, "asset", got, a)
}

func testRegister(t *testing.T, s *catalog.Store) {
	write(t, s, func(ctx context.Context, tx catalog.Tx) {
		_, isNew, err := tx.RegisterAsset(ctx, asset(1))
		if must(t, err); !isNew {
			t.Error("the first is not new")
		}
		again := asset(1)
		again.ID = "as_other"
		got, isNew, err := tx.RegisterAsset(ctx, again)
		if must(t, err); isNew || got.ID != "as_001" {
			t.Errorf("got %s, new %v", got.ID, isNew)
		}
		got, err = tx.UpdateAsset(ctx, "as_001", func(a *catalog.Asset) error {
			a.Status, a.LiveAt = catalog.AssetReady, noon
			return nil
		})
		if must(t, err); got.Status != catalog.AssetReady {
			t.Errorf("got %s", got.Status)
		}
	})
	got := read(t, s, func(ctx context.Context, r catalog.Reader) (catalog.Asset, error) {
		return r.AssetByArrival(ctx, "arrival-1")
	})
	if got.Status != catalog.AssetReady || !got.LiveAt.Equal(noon) {
		t.Fatalf("got %s, %v", got.Status, got.LiveAt)
	}
}

func listAssets(f catalog.AssetFilter) func(context.Context, catalog.Reader) ([]catalog.Asset, error) {
	return func(ctx context.Context, r catalog.Reader) ([]catalog.Asset, error) { return r.Assets(ctx, f) }
}

func testListAssets(t *testing.T, s *catalog.Store) {
	write(t, s, func(ctx context.Context, tx catalog.Tx) {
		for n := range 7 {
			a := asset(n)
			if n%2 == 1 {
				a.Status, a.Name = catalog.AssetFailed, fmt.Sprintf("Take_%d.mov", n)
			}
			_, _, err := tx.RegisterAsset(ctx, a)
			must(t, err)
		}
	})
	cases := []struct {
		filter catalog.AssetFilter
		want   string
	}{
		{catalog.AssetFilter{}, "006 005 004 003 002 001 000"},
		{catalog.AssetFilter{Status: []string{catalog.AssetFailed}}, "005 003 001"},
		{catalog.AssetFilter{Text: "take_"}, "005 003 001"},
		{catalog.AssetFilter{Text: "t%e"}, ""},
		{catalog.AssetFilter{Site: "elsewhere"}, ""},
		{catalog.AssetFilter{Page: catalog.Page{Limit: 2}}, "006 005"},
		{catalog.AssetFilter{Page: catalog.Page{Limit: 2, After: "as_005"}}, "004 003"},
	}
	for _, c := range cases {
		var ids []string
		for _, a := range read(t, s, listAssets(c.filter)) {
			ids = append(ids, strings.TrimPrefix(a.ID, "as_"))
		}
		if got := strings.Join(ids, " "); got != c.want {
			t.Errorf("%+v: got %s, want %s", c.filter, got, c.want)
		}
	}
}

func testUpserts(t *testing.T, s *catalog.Store) {
	write(t, s, func(ctx context.Context, tx catalog.Tx) {
		_, _, err := tx.RegisterAsset(ctx, asset(1))
		must(t, err)
		n := catalog.Rendition{ID: "rn_1", AssetID: "as_001", Profile: "proxy-h264", Path: "a.mp4", Files: 1, Size: 5, CreatedAt: noon}
		_, err = tx.PutRendition(ctx, n)
		must(t, err)
		again := n
		again.ID, again.Size, again.CreatedAt = "rn_2", 6, noon.Add(time.Hour)
		got, err := tx.PutRendition(ctx, again)
		if must(t, err); got.ID != "rn_1" || got.Size != 6 || !got.CreatedAt.Equal(noon) {
			t.Errorf("got %+v", got)
		}
		c := catalog.Copy{ID: "cp_1", AssetID: "as_001", RenditionID: "rn_1", Location: "hot", Path: "a.mp4", Size: 5, Proof: "native", Kind: catalog.CopyHot, VerifiedAt: noon}
		_, err = tx.PutCopy(ctx, c)
		must(t, err)
		c.ID, c.Proof, c.RenditionID = "cp_2", "readback", ""
		kept, err := tx.PutCopy(ctx, c)
		if must(t, err); kept.ID != "cp_1" {
			t.Errorf("got %s", kept.ID)
		}
	})
	copies := read(t, s, func(ctx context.Context, r catalog.Reader) ([]catalog.Copy, error) {
		return r.Copies(ctx, catalog.CopyFilter{AssetID: "as_001", Kind: []string{catalog.CopyHot}})
	})
	if len(copies) != 1 || copies[0].Proof != "readback" || copies[0].RenditionID != "" {
		t.Fatalf("got %+v", copies)
	}
	write(t, s, func(ctx context.Context, tx catalog.Tx) {
		must(t, tx.RemoveCopy(ctx, "cp_1"))
		if err := tx.RemoveCopy(ctx, "cp_1"); !errors.Is(err, catalog.ErrNotFound) {
			t.Errorf("got %v", err)
		}
	})
}

func testRuns(t *testing.T, s *catalog.Store) {
	run := catalog.Run{ID: "run_1", Namespace: "gantry", Workflow: "publish", Version: "1.0.0", AssetID: "as_001", Status: catalog.RunRunning, State: json.RawMessage(`{"x":1}`), CreatedAt: noon}
	write(t, s, func(ctx context.Context, tx catalog.Tx) {
		for _, want := range []bool{true, false} {
			isNew, err := tx.AddRun(ctx, run)
			if must(t, err); isNew != want {
				t.Errorf("new is %v", isNew)
			}
		}
		got, err := tx.LockRun(ctx, "run_1")
		must(t, err)
		got.Status, got.EndedAt = catalog.RunCompleted, noon.Add(time.Minute)
		must(t, tx.SaveRun(ctx, got))
	})
	runs := read(t, s, func(ctx context.Context, r catalog.Reader) ([]catalog.Run, error) {
		return r.Runs(ctx, catalog.RunFilter{AssetID: "as_001", Status: []string{catalog.RunCompleted}})
	})
	if len(runs) != 1 || !runs[0].Ended() || runs[0].State != nil {
		t.Fatalf("got %+v", runs)
	}
}

func testSteps(t *testing.T, s *catalog.Store) {
	write(t, s, func(ctx context.Context, tx catalog.Tx) {
		_, err := tx.AddRun(ctx, catalog.Run{ID: "run_1", Status: catalog.RunRunning})
		must(t, err)
		for n, want := range []bool{true, true, false} {
			isNew, err := tx.AddStep(ctx, catalog.Step{RunID: "run_1", Key: fmt.Sprint("k", n%2), Status: catalog.StepScheduled, Fence: 1, CreatedAt: noon.Add(time.Duration(n))})
			if must(t, err); isNew != want {
				t.Errorf("%d: new is %v", n, isNew)
			}
		}
		step, err := tx.Step(ctx, "run_1", "k0")
		must(t, err)
		step.Status, step.Fence = catalog.StepRunning, 2
		must(t, tx.SaveStep(ctx, step))
		must(t, tx.SetProgress(ctx, "run_1", "k0", 1, json.RawMessage(`{"done":1}`)))
		must(t, tx.SetProgress(ctx, "run_1", "k0", 2, json.RawMessage(`{"done":2}`)))
	})
	steps := read(t, s, func(ctx context.Context, r catalog.Reader) ([]catalog.Step, error) { return r.Steps(ctx, "run_1") })
	if len(steps) != 2 || steps[0].Key != "k0" || string(steps[0].Progress) != `{"done":2}` || !steps[0].Open() {
		t.Fatalf("got %+v", steps)
	}
}

func testEvents(t *testing.T, s *catalog.Store) {
	woken := s.Watch()
	write(t, s, func(ctx context.Context, tx catalog.Tx) {
		for n, want := range []bool{true, true, false} {
			_, isNew, err := tx.AppendEvent(ctx, catalog.Event{ID: fmt.Sprint("ev_", n%2), Type: "gantry.test", Subject: fmt.Sprint("as_", n), Time: noon})
			if must(t, err); isNew != want {
				t.Errorf("%d: new is %v", n, isNew)
			}
		}
	})
	select {
	case <-woken:
	case <-time.After(10 * time.Second):
		t.Fatal("nobody was woken")
	}
	events := read(t, s, func(ctx context.Context, r catalog.Reader) ([]catalog.Event, error) { return r.EventsAfter(ctx, 0, 0) })
	if len(events) != 2 || events[0].Seq != 1 || events[1].Seq != 2 || events[1].ID != "ev_1" {
		t.Fatalf("got %+v", events)
	}
	events = read(t, s, func(ctx context.Context, r catalog.Reader) ([]catalog.Event, error) {
		return r.EventsOf(ctx, "as_1", 0, 0)
	})
	if len(events) != 1 || events[0].Seq != 2 {
		t.Fatalf("got %+v", events)
	}
	for limit, want := range map[int]int64{1: 2, 2: 1} {
		latest := read(t, s, func(ctx context.Context, r catalog.Reader) ([]catalog.Event, error) {
			return r.LatestEvents(ctx, "", limit)
		})
		if len(latest) != limit || latest[0].Seq != want {
			t.Errorf("the latest %d are %+v", limit, latest)
		}
	}
}

// testEventOrder reads while many write: whoever goes by the numbers misses none.
func testEventOrder(t *testing.T, s *catalog.Store) {
	const writers, each = 8, 20
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() {
			for n := range each {
				write(t, s, func(ctx context.Context, tx catalog.Tx) {
					_, _, err := tx.AppendEvent(ctx, catalog.Event{ID: fmt.Sprint(w, "-", n), Time: noon})
					must(t, err)
				})
			}
		})
	}
	var seen int64
	for seen < writers*each {
		woken := s.Watch()
		events := read(t, s, func(ctx context.Context, r catalog.Reader) ([]catalog.Event, error) {
			return r.EventsAfter(ctx, seen, 0)
		})
		for _, e := range events {
			if e.Seq != seen+1 {
				t.Fatalf("%d follows %d", e.Seq, seen)
			}
			seen = e.Seq
		}
		if len(events) == 0 {
			<-woken
		}
	}
	wg.Wait()
}

func testWorkflows(t *testing.T, s *catalog.Store) {
	write(t, s, func(ctx context.Context, tx catalog.Tx) {
		for n, version := range []string{"1.9.0", "1.10.0", "1.10.0-rc.1"} {
			isNew, err := tx.AddWorkflow(ctx, catalog.Workflow{Namespace: "gantry", Name: "publish", Version: version, Source: fmt.Sprint("source ", n), CreatedAt: noon})
			if must(t, err); !isNew {
				t.Errorf("%s is not new", version)
			}
		}
		isNew, err := tx.AddWorkflow(ctx, catalog.Workflow{Namespace: "gantry", Name: "publish", Version: "1.9.0", Source: "source 0"})
		if must(t, err); isNew {
			t.Error("the same source is new")
		}
		_, err = tx.AddWorkflow(ctx, catalog.Workflow{Namespace: "gantry", Name: "publish", Version: "1.9.0", Source: "changed"})
		if !errors.Is(err, catalog.ErrConflict) {
			t.Errorf("got %v", err)
		}
		newest, err := tx.Workflow(ctx, "gantry", "publish", "")
		if must(t, err); newest.Version != "1.10.0" || newest.Source != "source 1" {
			t.Errorf("got %s", newest.Version)
		}
		all, err := tx.Workflows(ctx)
		if must(t, err); len(all) != 3 || all[0].Version != "1.10.0" || all[2].Version != "1.9.0" {
			t.Errorf("got %+v", all)
		}
	})
}

func transfer(n int) catalog.Transfer {
	return catalog.Transfer{ID: fmt.Sprintf("tr_%d", n), Key: fmt.Sprint("key-", n), Kind: catalog.TransferDeliver, Site: "venue", Status: catalog.TransferQueued, Total: 10, CreatedAt: noon}
}

func lease(t *testing.T, s *catalog.Store, agent string, most int, now time.Time) (got []catalog.Transfer) {
	t.Helper()
	write(t, s, func(ctx context.Context, tx catalog.Tx) {
		var err error
		got, err = tx.LeaseTransfers(ctx, catalog.LeaseQuery{Agent: agent, Site: "venue", Max: most, Now: now, TTL: time.Minute})
		must(t, err)
	})
	return got
}

func testLease(t *testing.T, s *catalog.Store) {
	write(t, s, func(ctx context.Context, tx catalog.Tx) {
		for n := range 10 {
			_, _, err := tx.AddTransfer(ctx, transfer(n))
			must(t, err)
		}
		again := transfer(3)
		again.ID = "tr_other"
		got, isNew, err := tx.AddTransfer(ctx, again)
		if must(t, err); isNew || got.ID != "tr_3" {
			t.Errorf("got %s, new %v", got.ID, isNew)
		}
		moving := transfer(99)
		moving.Kind, moving.Status = catalog.TransferIngest, catalog.TransferMoving
		_, _, err = tx.AddTransfer(ctx, moving)
		must(t, err)
	})
	var (
		mu    sync.Mutex
		owner = map[string]string{}
		wg    sync.WaitGroup
	)
	for _, agent := range []string{"a", "b", "c", "d"} {
		wg.Go(func() {
			for _, n := range lease(t, s, agent, 3, noon) {
				mu.Lock()
				if other, taken := owner[n.ID]; taken {
					t.Errorf("%s went to %s and %s", n.ID, other, agent)
				}
				owner[n.ID] = agent
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	for range 4 { // on PostgreSQL, rows that another one just looks at are passed over
		for _, n := range lease(t, s, "e", 10, noon) {
			owner[n.ID] = "e"
		}
	}
	if len(owner) != 10 {
		t.Fatalf("%d transfers were leased, want 10: %v", len(owner), owner)
	}
}

func testLeaseOrder(t *testing.T, s *catalog.Store) {
	write(t, s, func(ctx context.Context, tx catalog.Tx) {
		for n, change := range []func(*catalog.Transfer){
			0: func(n *catalog.Transfer) { n.Priority = schedule.Bulk },
			1: func(n *catalog.Transfer) {},
			2: func(n *catalog.Transfer) { n.Deadline = noon.Add(2 * time.Hour) },
			3: func(n *catalog.Transfer) { n.Deadline = noon.Add(time.Hour) },
			4: func(n *catalog.Transfer) { n.Priority = schedule.Urgent },
			5: func(n *catalog.Transfer) { n.Priority, n.Paused = schedule.Urgent, true },
			6: func(n *catalog.Transfer) { n.Priority = schedule.High },
		} {
			row := transfer(n)
			change(&row)
			_, _, err := tx.AddTransfer(ctx, row)
			must(t, err)
		}
	})
	take := func(room map[schedule.Priority]int) (got string) {
		write(t, s, func(ctx context.Context, tx catalog.Tx) {
			rows, err := tx.LeaseTransfers(ctx, catalog.LeaseQuery{Agent: "a", Site: "venue", Max: 9, Room: room, Now: noon, TTL: time.Minute})
			must(t, err)
			for _, n := range rows {
				got += n.ID + " "
			}
		})
		return got
	}
	for _, c := range []struct {
		room map[schedule.Priority]int
		want string
	}{
		{map[schedule.Priority]int{}, ""},
		{map[schedule.Priority]int{schedule.High: 1, schedule.Urgent: 4}, "tr_4 "}, // which takes the room of the high one
		{map[schedule.Priority]int{schedule.Normal: 2, schedule.High: 4, schedule.Urgent: 4}, "tr_6 tr_3 "},
		{nil, "tr_2 tr_1 tr_0 "},
	} {
		if got := take(c.room); got != c.want {
			t.Errorf("with room for %v: %s, not %s", c.room, got, c.want)
		}
	}
}

func testControlled(t *testing.T, s *catalog.Store) {
	write(t, s, func(ctx context.Context, tx catalog.Tx) {
		for n, change := range []func(*catalog.Transfer){
			0: func(n *catalog.Transfer) { n.Status = catalog.TransferLeased },
			1: func(n *catalog.Transfer) { n.Status = catalog.TransferMoving },
			2: func(n *catalog.Transfer) { n.Status, n.EndedAt = catalog.TransferCancelled, noon },
			3: func(n *catalog.Transfer) { n.Status, n.EndedAt = catalog.TransferCancelled, noon.Add(-2*time.Hour) },
			4: func(n *catalog.Transfer) { n.Status = catalog.TransferDone },
			5: func(n *catalog.Transfer) { n.Status, n.Agent = catalog.TransferLeased, "b" },
		} {
			row := transfer(n)
			row.Agent = "a"
			change(&row)
			_, _, err := tx.AddTransfer(ctx, row)
			must(t, err)
		}
	})
	var got string
	for _, n := range read(t, s, func(ctx context.Context, r catalog.Reader) ([]catalog.Transfer, error) {
		return r.Controlled(ctx, "a", noon.Add(-time.Hour))
	}) {
		got += n.ID + " "
	}
	if got != "tr_0 tr_1 tr_2 " {
		t.Errorf("got %s", got)
	}
}

func testFence(t *testing.T, s *catalog.Store) {
	write(t, s, func(ctx context.Context, tx catalog.Tx) {
		_, _, err := tx.AddTransfer(ctx, transfer(1))
		must(t, err)
	})
	first := lease(t, s, "a", 1, noon)[0]
	if got := lease(t, s, "b", 1, noon.Add(59*time.Second)); len(got) != 0 {
		t.Fatal("a good lease was given away")
	}
	second := lease(t, s, "b", 1, noon.Add(2*time.Minute))[0]
	if second.Fence != first.Fence+1 || !second.StartedAt.Equal(noon) {
		t.Fatalf("got %+v", second)
	}
	old := catalog.Holder{ID: "tr_1", Agent: "a", Fence: first.Fence}
	now := catalog.Holder{ID: "tr_1", Agent: "b", Fence: second.Fence}
	refused := func(name string, fn func(context.Context, catalog.Tx) error) {
		t.Helper()
		if err := s.Write(t.Context(), fn); !errors.Is(err, catalog.ErrFenced) {
			t.Errorf("%s: got %v", name, err)
		}
	}
	refused("renew", func(ctx context.Context, tx catalog.Tx) error {
		_, err := tx.RenewTransfer(ctx, catalog.Renewal{Holder: old, Now: noon, TTL: time.Minute})
		return err
	})
	refused("finish", func(ctx context.Context, tx catalog.Tx) error {
		_, _, err := tx.FinishTransfer(ctx, catalog.Ending{Holder: old, At: noon})
		return err
	})
	write(t, s, func(ctx context.Context, tx catalog.Tx) {
		n, err := tx.RenewTransfer(ctx, catalog.Renewal{Holder: now, Now: noon, TTL: time.Hour, Done: 4, Total: 10, Rate: 2.5, Phase: "copy"})
		if must(t, err); !n.LeaseUntil.Equal(noon.Add(time.Hour)) || n.Rate != 2.5 {
			t.Errorf("got %+v", n)
		}
		n, err = tx.RequeueTransfer(ctx, now, "the server is away", noon.Add(time.Minute))
		if must(t, err); n.Status != catalog.TransferQueued {
			t.Errorf("got %+v", n)
		}
	})
	if got := lease(t, s, "b", 1, noon.Add(30*time.Second)); len(got) != 0 {
		t.Fatal("leased too early")
	}
	now.Fence = lease(t, s, "b", 1, noon.Add(time.Minute))[0].Fence
	write(t, s, func(ctx context.Context, tx catalog.Tx) {
		for _, want := range []bool{true, false} {
			n, isFirst, err := tx.FinishTransfer(ctx, catalog.Ending{Holder: now, Receipts: json.RawMessage(`[]`), At: noon})
			if must(t, err); isFirst != want || n.Status != catalog.TransferDone || n.Done != 10 {
				t.Errorf("first %v, got %+v", isFirst, n)
			}
		}
	})
	refused("renew what has ended", func(ctx context.Context, tx catalog.Tx) error {
		_, err := tx.RenewTransfer(ctx, catalog.Renewal{Holder: now, Now: noon, TTL: time.Minute})
		return err
	})
}

func testDelivery(t *testing.T, s *catalog.Store) {
	write(t, s, func(ctx context.Context, tx catalog.Tx) {
		_, _, err := tx.RegisterAsset(ctx, asset(1))
		must(t, err)
		d := catalog.Delivery{ID: "dl_1", AssetID: "as_001", Partner: "north", Profile: "hls-ladder", Status: catalog.DeliveryPending, CreatedAt: noon}
		for _, want := range []bool{true, false} {
			got, isNew, err := tx.AddDelivery(ctx, d)
			if must(t, err); isNew != want || got.ID != "dl_1" {
				t.Errorf("got %s, new %v", got.ID, isNew)
			}
			d.ID = "dl_2"
		}
		_, err = tx.UpdateDelivery(ctx, "dl_1", func(d *catalog.Delivery) error {
			d.Status, d.DeliveredAt = catalog.DeliveryDelivered, noon
			return nil
		})
		must(t, err)
	})
	got := read(t, s, func(ctx context.Context, r catalog.Reader) ([]catalog.Delivery, error) {
		return r.Deliveries(ctx, catalog.DeliveryFilter{AssetID: "as_001", Status: []string{catalog.DeliveryDelivered}})
	})
	if len(got) != 1 || !got[0].DeliveredAt.Equal(noon) {
		t.Fatalf("got %+v", got)
	}
}

func testSites(t *testing.T, s *catalog.Store) {
	write(t, s, func(ctx context.Context, tx catalog.Tx) {
		must(t, tx.PutSite(ctx, catalog.Site{Name: "venue", Title: "A"}))
		must(t, tx.PutSite(ctx, catalog.Site{Name: "venue", Title: "B"}))
		must(t, tx.PutLocation(ctx, catalog.Location{Name: "hot", Site: "venue", URL: "file:///hot", Tier: "hot", UpdatedAt: noon}))
		must(t, tx.PutLocation(ctx, catalog.Location{Name: "hot", Site: "centre", URL: "file:///hot2", Tier: "warm", UpdatedAt: noon}))
	})
	sites := read(t, s, func(ctx context.Context, r catalog.Reader) ([]catalog.Site, error) { return r.Sites(ctx) })
	same(t, "sites", sites, []catalog.Site{{Name: "venue", Title: "B"}})
	locations := read(t, s, func(ctx context.Context, r catalog.Reader) ([]catalog.Location, error) {
		return r.Locations(ctx, "centre")
	})
	if len(locations) != 1 || locations[0].Tier != "warm" {
		t.Fatalf("got %+v", locations)
	}
}

func testCount(t *testing.T, s *catalog.Store) {
	write(t, s, func(ctx context.Context, tx catalog.Tx) {
		for n := range 3 {
			_, _, err := tx.RegisterAsset(ctx, asset(n))
			must(t, err)
			_, err = tx.PutCopy(ctx, catalog.Copy{ID: fmt.Sprint("cp_", n), AssetID: asset(n).ID, Location: "hot", Path: fmt.Sprint(n), Size: 1 << 40, Kind: catalog.CopyHot})
			must(t, err)
		}
	})
	c := read(t, s, func(ctx context.Context, r catalog.Reader) (catalog.Counts, error) { return r.Count(ctx) })
	if c.Assets[catalog.AssetArrived] != 3 || c.CopyBytes[catalog.CopyHot] != 3<<40 || len(c.Runs) != 0 {
		t.Fatalf("got %+v", c)
	}
}

func testNotFound(t *testing.T, s *catalog.Store) {
	err := s.Read(t.Context(), func(ctx context.Context, r catalog.Reader) error {
		_, err := r.Run(ctx, "run_none")
		return err
	})
	if !errors.Is(err, catalog.ErrNotFound) || !strings.Contains(err.Error(), "run_none") {
		t.Fatalf("got %v", err)
	}
	err = s.Write(t.Context(), func(ctx context.Context, tx catalog.Tx) error {
		return tx.SaveRun(ctx, catalog.Run{ID: "run_none"})
	})
	if !errors.Is(err, catalog.ErrNotFound) {
		t.Fatalf("got %v", err)
	}
}

func testReopen(t *testing.T, address string) {
	first, err := catalog.Open(t.Context(), address)
	must(t, err)
	write(t, first, func(ctx context.Context, tx catalog.Tx) {
		_, _, err := tx.RegisterAsset(ctx, asset(1))
		must(t, err)
	})
	must(t, first.Close())
	if err := first.Write(t.Context(), func(context.Context, catalog.Tx) error { return nil }); err == nil {
		t.Fatal("a closed store writes")
	}
	if n := len(read(t, catalogtest.Open(t, address), listAssets(catalog.AssetFilter{}))); n != 1 {
		t.Fatalf("%d assets", n)
	}
}

func TestSQLiteBelongsToOneProcess(t *testing.T) {
	address := catalogtest.SQLite(t)
	catalogtest.Open(t, address)
	_, err := catalog.Open(t.Context(), address)
	if err == nil || !strings.Contains(err.Error(), "in use by another process") {
		t.Fatalf("got %v", err)
	}
}

func TestOpenRefuses(t *testing.T) {
	for address, want := range map[string]string{
		"mysql://x/y":                       "write sqlite:///",
		"sqlite://host/x":                   "names no file",
		"sqlite:relative.db":                "names no file",
		"postgres:///x?host=/nowhere/there": "is it running",
		"%":                                 "does not parse",
	} {
		_, err := catalog.Open(t.Context(), address)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want …%s…", address, err, want)
		}
	}
}

// TestDiskFull makes SQLite run out of room inside a transaction. Nothing of it may
// be kept, and the next one works.
func TestDiskFull(t *testing.T) {
	address := catalogtest.SQLite(t)
	s := catalogtest.Open(t, address)
	var pages int
	must(t, s.SQLite().QueryRow("PRAGMA page_count").Scan(&pages))
	_, err := s.SQLite().Exec(fmt.Sprintf("PRAGMA max_page_count = %d", pages+8))
	must(t, err)
	big := asset(2)
	big.Reason = strings.Repeat("x", 1<<20)
	err = s.Write(t.Context(), func(ctx context.Context, tx catalog.Tx) error {
		if _, _, err := tx.RegisterAsset(ctx, asset(1)); err != nil {
			return err
		}
		_, _, err := tx.RegisterAsset(ctx, big)
		return err
	})
	if !errors.Is(err, catalog.ErrBusy) {
		t.Fatalf("got %v", err)
	}
	if n := len(read(t, s, listAssets(catalog.AssetFilter{}))); n != 0 {
		t.Fatalf("%d assets are left", n)
	}
	write(t, s, func(ctx context.Context, tx catalog.Tx) {
		_, _, err := tx.RegisterAsset(ctx, asset(3))
		must(t, err)
	})
}

// TestBusy locks the file from outside.
func TestBusy(t *testing.T) {
	address := catalogtest.SQLite(t)
	s := catalogtest.Open(t, address)
	_, err := s.SQLite().Exec("PRAGMA busy_timeout = 50")
	must(t, err)
	u, err := url.Parse(address)
	must(t, err)
	other, err := sql.Open("sqlite", "file:"+u.Path+"?_txlock=immediate")
	must(t, err)
	defer other.Close() //nolint:errcheck // ends with the test
	lock, err := other.Begin()
	must(t, err)
	err = s.Write(t.Context(), func(context.Context, catalog.Tx) error { return nil })
	if !errors.Is(err, catalog.ErrBusy) {
		t.Fatalf("got %v", err)
	}
	must(t, lock.Rollback())
	write(t, s, func(context.Context, catalog.Tx) {})
}

// TestOneTransaction shows that what is written by database/sql or pgx commits and
// rolls back together with what the catalogue writes.
func TestOneTransaction(t *testing.T) {
	catalogtest.OnBoth(t, func(t *testing.T, fresh func(testing.TB) string) {
		s := catalogtest.Open(t, fresh(t))
		for _, keep := range []bool{false, true} {
			_ = s.Write(t.Context(), func(ctx context.Context, tx catalog.Tx) error {
				_, _, err := tx.RegisterAsset(ctx, asset(1))
				must(t, err)
				const insert = "INSERT INTO sites (name, title) VALUES ('other', 'way')"
				if tx.SQL() != nil {
					_, err = tx.SQL().ExecContext(ctx, insert)
				} else {
					_, err = pgx.Tx.Exec(tx.PGX(), ctx, insert)
				}
				must(t, err)
				if !keep {
					return errors.New("no")
				}
				return nil
			})
			assets := read(t, s, listAssets(catalog.AssetFilter{}))
			sites := read(t, s, func(ctx context.Context, r catalog.Reader) ([]catalog.Site, error) { return r.Sites(ctx) })
			if (len(assets) == 1) != keep || (len(sites) == 1) != keep {
				t.Fatalf("keep %v: %d assets, %d sites", keep, len(assets), len(sites))
			}
		}
	})
}
