package hub

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"gantry/orchestrator/catalog"
	"gantry/transfer"
	"gantry/transfer/agent/wire"
)

const ingest = `---
apiVersion: gantry/v1
kind: Route
metadata: { name: in }
spec: { site: local, from: watch, to: hot, workflow: mark }
`

// mark is a workflow that ends in the transaction that starts it.
func mark(namespace, version string) string {
	return fmt.Sprintf("document: { dsl: 1.0.3, namespace: %s, name: mark, version: %s }\ndo: [ { x: { set: { by: %s/%s } } } ]\n", namespace, version, namespace, version)
}

func (s *stand) apply(text string) {
	s.t.Helper()
	_, err := s.Resources.Apply(s.t.Context(), "mark", []byte(text), false)
	s.must(err)
}

// arrive takes in a file on the route.
func (s *stand) arrive(id string) catalog.Asset {
	s.t.Helper()
	data, err := json.Marshal(wire.Arrival{ID: id, Route: "in", Path: id, Receipt: transfer.Receipt{
		Size: 7, Copies: []transfer.Copy{{Location: "hot", Path: id, Proof: transfer.ProofNative}},
	}})
	s.must(err)
	s.must(s.desk.Take(s.t.Context(), wire.EventBatch{Agent: "a", Site: "local", Events: []wire.Event{{ID: "ev_" + id, Type: wire.EventArrived, Time: time.Now(), Data: data}}}))
	var a catalog.Asset
	s.must(s.Store.Read(s.t.Context(), func(ctx context.Context, r catalog.Reader) (err error) {
		a, err = r.AssetByArrival(ctx, id)
		return err
	}))
	return a
}

// output is what a run that has ended gave.
func (s *stand) output(id string) string {
	s.t.Helper()
	var run catalog.Run
	s.must(s.Store.Read(s.t.Context(), func(ctx context.Context, r catalog.Reader) (err error) {
		run, err = r.Run(ctx, id)
		return err
	}))
	return run.Status + " " + string(run.Output)
}

// What runs is the document that is applied: not one of an older namespace, and not
// the newest version that there ever was.
func TestTheAppliedWorkflowRuns(t *testing.T) {
	s := newStand(t)
	s.apply(mark("one", "1.1.0") + ingest)
	for n, at := range []struct{ namespace, version string }{{"one", "1.1.0"}, {"one", "1.0.0"}, {"two", "1.0.0"}, {"one", "1.1.0"}} {
		s.apply(mark(at.namespace, at.version))
		want := fmt.Sprintf(`completed {"by":"%s/%s"}`, at.namespace, at.version)
		arrival := fmt.Sprintf("B%d", n)
		first := "run" + strings.TrimPrefix(s.arrive(arrival).ID, "as")
		if got := s.output(first); got != want {
			t.Errorf("an arrival starts %s; want %s", got, want)
		}
		exact := at.namespace + "/mark:" + at.version
		for _, name := range []string{"mark", at.namespace + "/mark", exact, "mark:latest"} {
			id, err := s.runs.Start(t.Context(), name, "", []byte("{}"))
			s.must(err)
			if got := s.output(id); got != want {
				t.Errorf("%s starts %s; want %s", name, got, want)
			}
		}
		again, err := s.runs.Retry(t.Context(), first)
		s.must(err)
		if got := s.output(again); got != want {
			t.Errorf("a retry starts %s; want %s", got, want)
		}
		for _, name := range []string{"mark:9.9.9", "three/mark", at.namespace + "/mark:1.2.0"} {
			if _, err := s.runs.Start(t.Context(), name, "", nil); !errors.Is(err, catalog.ErrNotFound) || !strings.HasSuffix(err.Error(), "what is applied is "+exact) {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
}

func TestTheLatestSubWorkflowIsTheAppliedOne(t *testing.T) {
	s := newStand(t)
	s.apply(mark("one", "1.1.0"))
	s.apply(mark("one", "1.0.0"))
	s.apply("document: { dsl: 1.0.3, namespace: one, name: all, version: 1.0.0 }\ndo:\n" +
		"  - newest: { run: { workflow: { namespace: one, name: mark, version: latest } }, export: { as: \"${ .by }\" } }\n" +
		"  - exact: { run: { workflow: { namespace: one, name: mark, version: 1.1.0 } }, output: { as: \"${ { newest: $context, exact: .by } }\" } }\n")
	id, err := s.runs.Start(t.Context(), "all", "", nil)
	s.must(err)
	if got, want := s.output(id), `completed {"exact":"one/1.1.0","newest":"one/1.0.0"}`; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestARunThatEndsAtOnceLeavesItsAssetReady(t *testing.T) {
	s := newStand(t)
	s.apply(mark("one", "1.0.0") + ingest)
	a := s.arrive("B1")
	stands := func(after string) {
		t.Helper()
		var now catalog.Asset
		s.must(s.Store.Read(t.Context(), func(ctx context.Context, r catalog.Reader) (err error) {
			now, err = r.Asset(ctx, a.ID)
			return err
		}))
		if now.Status != catalog.AssetReady {
			t.Errorf("after %s the asset is %s", after, now.Status)
		}
	}
	stands("its arrival")
	id, err := s.runs.Start(t.Context(), "mark", a.ID, nil)
	s.must(err)
	stands("a start")
	_, err = s.runs.Retry(t.Context(), id)
	s.must(err)
	stands("a retry")
}

func TestOldReceiptsAreDropped(t *testing.T) {
	dir := folder(t)
	h := mustOpen(t, dir)
	if err := h.journal.Finish("keep/x", "receipt"); err != nil {
		t.Fatal(err)
	}
	mustClose(t, h)
	for _, age := range []struct {
		days int
		kept bool
	}{{13, true}, {15, false}} {
		later := func() time.Time { return time.Now().AddDate(0, 0, age.days) }
		h, err := Open(t.Context(), Options{Data: dir, Version: "test", Logger: slog.New(slog.DiscardHandler), Now: later})
		if err != nil {
			t.Fatal(err)
		}
		record, err := h.journal.Record("keep/x")
		if err != nil || (len(record.Receipt) > 0) != age.kept {
			t.Errorf("after %d days: %+v, %v", age.days, record, err)
		}
		mustClose(t, h)
	}
}
