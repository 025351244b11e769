package hub

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"gantry/configs"
	"gantry/connectors"
	"gantry/orchestrator/catalog"
	"gantry/transfer"
	"gantry/transfer/agent/wire"
)

// folder is a data folder with the default documents.
func folder(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "data & [more] %20")
	if err := configs.Create(filepath.Join(dir, "resources")); err != nil {
		t.Fatal(err)
	}
	return dir
}

func open(t *testing.T, dir string) (*Hub, error) {
	t.Helper()
	return Open(t.Context(), Options{Data: dir, Version: "test", Logger: slog.New(slog.DiscardHandler), Now: time.Now})
}

func mustOpen(t *testing.T, dir string) *Hub {
	t.Helper()
	h, err := open(t, dir)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func mustClose(t *testing.T, h *Hub) {
	t.Helper()
	if err := h.Close(context.Background()); err != nil {
		t.Errorf("close: %v", err)
	}
}

func write(t *testing.T, dir, name, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, "resources", name), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestAHubOpensAndOpensAgain(t *testing.T) {
	dir := folder(t)
	h := mustOpen(t, dir)
	if h.Resources.Current().Workflows["clip"].Definition == nil {
		t.Error("the default workflow is not there")
	}
	scratch := filepath.Join(dir, "scratch", "left")
	if err := os.WriteFile(scratch, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	mustClose(t, h)
	h = mustOpen(t, dir)
	defer mustClose(t, h)
	if _, err := os.Stat(scratch); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("what was left in the scratch folder is there still: %v", err)
	}
	if err := h.Store.Ping(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestASecondHubIsRefusedAndDoesNoHarm(t *testing.T) {
	dir := folder(t)
	h := mustOpen(t, dir)
	defer mustClose(t, h)
	working := filepath.Join(dir, "scratch", "working")
	if err := os.WriteFile(working, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := open(t, dir); err == nil || !strings.Contains(err.Error(), "in use by another process, stop that one first") {
		t.Errorf("got %v", err)
	}
	if _, err := os.Stat(working); err != nil {
		t.Errorf("the first hub's work is gone: %v", err)
	}
	if err := h.Store.Ping(t.Context()); err != nil {
		t.Errorf("the first hub does not work any more: %v", err)
	}
}

func TestDocumentsThatRefuseTheStart(t *testing.T) {
	const head = "document: { dsl: 1.0.3, namespace: test, name: w, version: 1.0.0 }\ndo:\n"
	for name, test := range map[string]struct{ text, want string }{
		"no YAML":            {"document: {\n", "bad.yaml:"},
		"an unknown word":    {head + "  - x: { sett: {} }\n", "bad.yaml:3:10: /do/0/x: unknown field"},
		"no such function":   {"# mine\n---\n" + head + "  - x: { call: probbe }\n", "bad.yaml:5:16: there is no function \"probbe\": there are archive, deliver"},
		"no such workflow":   {head + "  - x: { run: { workflow: { namespace: a, name: b, version: 1.0.0 } } }\n", "bad.yaml:3:27: there is no workflow a/b in version 1.0.0"},
		"an unknown field":   {"apiVersion: gantry/v1\nkind: Site\nmetadata: { name: x }\nspec: { titel: X }\n", `bad.yaml:4:9: unknown field "titel": did you mean "title"?`},
		"a name of nothing":  {"apiVersion: gantry/v1\nkind: Route\nmetadata: { name: x }\nspec: { site: local, from: watch, to: hot, workflow: w }\n", "bad.yaml:1: Route/x: workflow names Workflow/w, which does not exist"},
		"a changed workflow": {"document: { dsl: 1.0.3, namespace: gantry, name: clip, version: 1.0.0 }\ndo: [ { x: { set: { a: 1 } } } ]\n", "clip is given twice"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := folder(t)
			write(t, dir, "bad.yaml", test.text)
			if _, err := open(t, dir); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Fatalf("got  %v\nwant %s", err, test.want)
			}
			if err := os.Remove(filepath.Join(dir, "resources", "bad.yaml")); err != nil {
				t.Fatal(err)
			}
			mustClose(t, mustOpen(t, dir))
		})
	}
}

func TestAChangedWorkflowNeedsAVersionOfItsOwn(t *testing.T) {
	dir := folder(t)
	mustClose(t, mustOpen(t, dir))
	file := filepath.Join(dir, "resources", "workflows-clip.yaml")
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	changed := strings.Replace(string(text), "title: From", "title: Changed from", 1)
	write(t, dir, "workflows-clip.yaml", changed)
	if _, err := open(t, dir); !errors.Is(err, catalog.ErrConflict) || !strings.Contains(err.Error(), "workflows-clip.yaml:1: workflow gantry/clip 1.0.0") || !strings.Contains(err.Error(), "give the changed document a new version") {
		t.Errorf("got %v", err)
	}
	write(t, dir, "workflows-clip.yaml", strings.Replace(changed, "version: 1.0.0", "version: 1.0.1", 1))
	mustClose(t, mustOpen(t, dir))
}

func TestWhatIsApplied(t *testing.T) {
	h := mustOpen(t, folder(t))
	defer mustClose(t, h)
	versions := func() (n int) {
		if err := h.Store.Read(t.Context(), func(ctx context.Context, r catalog.Reader) error {
			all, err := r.Workflows(ctx)
			n = len(all)
			return err
		}); err != nil {
			t.Fatal(err)
		}
		return n
	}
	before := versions()
	// The one that runs the other stands first.
	text := []byte("document: { dsl: 1.0.3, namespace: test, name: a, version: 1.0.0 }\ndo: [ { x: { run: { workflow: { namespace: test, name: b, version: 1.0.0 } } } } ]\n---\n" +
		"document: { dsl: 1.0.3, namespace: test, name: b, version: 1.0.0 }\ndo: [ { x: { set: { a: 1 } } } ]\n")
	if _, err := h.Resources.Apply(t.Context(), "x", text, true); err != nil || versions() != before {
		t.Errorf("a dry run: %v, %d versions; want %d", err, versions(), before)
	}
	if _, err := h.Resources.Apply(t.Context(), "x", text, false); err != nil || versions() != before+2 {
		t.Errorf("%v, %d versions; want %d", err, versions(), before+2)
	}
	bad := []byte("document: { dsl: 1.0.3, namespace: test, name: c, version: 1.0.0 }\ndo: [ { x: { call: nothing } } ]\n")
	if _, err := h.Resources.Apply(t.Context(), "x", bad, false); err == nil || versions() != before+2 {
		t.Errorf("a bad one: %v, %d versions", err, versions())
	}
}

func TestADamagedJournalIsSetAside(t *testing.T) {
	dir := folder(t)
	mustClose(t, mustOpen(t, dir))
	damaged := 0
	if err := filepath.WalkDir(filepath.Join(dir, "hub-journal"), func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || filepath.Base(name) != "MANIFEST" {
			return err
		}
		damaged++
		return os.WriteFile(name, []byte("rubbish"), 0o600)
	}); err != nil || damaged != 1 {
		t.Fatalf("%d files were damaged, %v", damaged, err)
	}
	h := mustOpen(t, dir)
	defer mustClose(t, h)
	aside, err := filepath.Glob(filepath.Join(strings.NewReplacer("[", `\[`).Replace(dir), "hub-journal*"))
	if err != nil || len(aside) < 2 {
		t.Errorf("beside the new one lie %v, %v", aside, err)
	}
}

func TestHowAnAssetStandsAfterARun(t *testing.T) {
	live := time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
	fault := json.RawMessage(`{"type": "x", "title": "No good", "status": 500, "detail": "it broke"}`)
	for name, test := range map[string]struct {
		asset          catalog.Asset
		run            catalog.Run
		status, reason string
	}{
		"completed":                 {catalog.Asset{Reason: "old"}, catalog.Run{Status: catalog.RunCompleted}, catalog.AssetReady, ""},
		"completed and delivered":   {catalog.Asset{LiveAt: live, Reason: "old"}, catalog.Run{Status: catalog.RunCompleted}, catalog.AssetPublished, ""},
		"completed in quarantine":   {catalog.Asset{Status: catalog.AssetQuarantined, Reason: "black"}, catalog.Run{Status: catalog.RunCompleted}, catalog.AssetQuarantined, "black"},
		"failed":                    {catalog.Asset{}, catalog.Run{Status: catalog.RunFailed, Error: fault}, catalog.AssetFailed, "No good"},
		"failed after quarantine":   {catalog.Asset{Status: catalog.AssetQuarantined}, catalog.Run{Status: catalog.RunFailed, Error: fault}, catalog.AssetFailed, "it broke"},
		"failed without a reason":   {catalog.Asset{}, catalog.Run{Status: catalog.RunFailed, Error: json.RawMessage(`[`)}, catalog.AssetFailed, "["},
		"cancelled":                 {catalog.Asset{LiveAt: live}, catalog.Run{Status: catalog.RunCancelled}, catalog.AssetFailed, "the run was cancelled"},
		"completed after a failure": {catalog.Asset{Status: catalog.AssetFailed, Reason: "broke"}, catalog.Run{Status: catalog.RunCompleted}, catalog.AssetReady, ""},
	} {
		status, reason := outcome(test.asset, test.run)
		if status != test.status || !strings.Contains(reason, test.reason) || (test.reason == "" && reason != "") {
			t.Errorf("%s: %s, %q; want %s, %q", name, status, reason, test.status, test.reason)
		}
	}
}

// A stand is a hub with one arrived asset and a workflow that sends it on.
type stand struct {
	*Hub
	t     *testing.T
	asset string
	runs  *runs
}

func newStand(t *testing.T) *stand {
	t.Helper()
	dir := folder(t)
	write(t, dir, "send.yaml", `document: { dsl: 1.0.3, namespace: test, name: send, version: 1.0.0 }
do:
  - send:
      call: transfer
      with: { source: "${ $workflow.input.source }", to: { location: archive, path: copy } }
`)
	s := &stand{Hub: mustOpen(t, dir), t: t}
	t.Cleanup(func() { mustClose(t, s.Hub) })
	s.runs = &runs{store: s.Store, engine: s.engine, now: time.Now, resources: s.Resources}
	data, err := json.Marshal(wire.Arrival{ID: "A1", Route: "by hand", Path: "clip.mxf", Receipt: transfer.Receipt{
		Size: 7, Copies: []transfer.Copy{{Location: "hot", Path: "clip.mxf", Proof: transfer.ProofNative}},
	}})
	s.must(err)
	s.must(s.desk.Take(t.Context(), wire.EventBatch{Agent: "a", Site: "local", Events: []wire.Event{{ID: "ev_1", Type: wire.EventArrived, Time: time.Now(), Data: data}}}))
	s.must(s.Store.Read(t.Context(), func(ctx context.Context, r catalog.Reader) error {
		a, err := r.AssetByArrival(ctx, "A1")
		s.asset = a.ID
		return err
	}))
	return s
}

func (s *stand) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

// order leases the order that the run places.
func (s *stand) order() wire.Order {
	s.t.Helper()
	orders, err := s.desk.Orders(s.t.Context(), wire.LeaseRequest{Agent: "a", Site: "local", Max: 1, Wait: 20})
	s.must(err)
	if len(orders) != 1 {
		s.t.Fatalf("%d orders", len(orders))
	}
	return orders[0]
}

// ended waits until the run has ended, and tells how it and the rest stands.
func (s *stand) ended(run string) string {
	s.t.Helper()
	deadline := time.After(20 * time.Second)
	for {
		news := s.Store.Watch()
		var r catalog.Run
		var a catalog.Asset
		var moves []catalog.Transfer
		s.must(s.Store.Read(s.t.Context(), func(ctx context.Context, reader catalog.Reader) (err error) {
			if r, err = reader.Run(ctx, run); err != nil {
				return err
			}
			if a, err = reader.Asset(ctx, s.asset); err != nil {
				return err
			}
			moves, err = reader.Transfers(ctx, catalog.TransferFilter{RunID: run})
			return err
		}))
		if r.Ended() {
			return fmt.Sprintf("run %s, asset %s (%s), transfer %s", r.Status, a.Status, a.Reason, moves[0].Status)
		}
		select {
		case <-news:
		case <-deadline:
			s.t.Fatalf("the run is still %s", r.Status)
		}
	}
}

func TestARunIsCarriedOutByAnAgent(t *testing.T) {
	s := newStand(t)
	run, err := s.runs.Start(t.Context(), "send", s.asset, nil)
	s.must(err)
	o := s.order()
	if o.Files[0].Source.Path != "clip.mxf" || o.Files[0].Destinations[0].Location != "archive" {
		t.Errorf("the order is %+v", o)
	}
	receipt := transfer.Receipt{Size: 7, Copies: []transfer.Copy{{Location: "archive", Path: "copy", Proof: transfer.ProofNative}}}
	s.must(s.desk.End(t.Context(), o.ID, wire.ResultReport{Agent: "a", Fence: o.Fence, Receipts: []transfer.Receipt{receipt}}))
	if got, want := s.ended(run), "run completed, asset ready (), transfer done"; got != want {
		t.Errorf("got %s; want %s", got, want)
	}
}

func TestACancelledRunLeavesNoOrderBehind(t *testing.T) {
	s := newStand(t)
	run, err := s.runs.Start(t.Context(), "send", s.asset, nil)
	s.must(err)
	o := s.order()
	if _, err := s.runs.Retry(t.Context(), run); connectors.KindOf(err) != connectors.KindInvalid || !strings.Contains(err.Error(), "cancel it first") {
		t.Errorf("retrying a run that has not ended: %v", err)
	}
	s.must(s.runs.Cancel(t.Context(), run, "a mistake"))
	if got, want := s.ended(run), "run cancelled, asset failed (the run was cancelled), transfer cancelled"; got != want {
		t.Errorf("got %s; want %s", got, want)
	}
	if _, err := s.desk.Renew(t.Context(), o.ID, wire.ProgressReport{Agent: "a", Fence: o.Fence}); !errors.Is(err, catalog.ErrFenced) {
		t.Errorf("the agent may go on: %v", err)
	}
	again, err := s.runs.Retry(t.Context(), run)
	s.must(err)
	if second := s.order(); second.ID == o.ID {
		t.Error("the retried run places no order of its own")
	}
	s.must(s.runs.Cancel(t.Context(), again, ""))
}

func TestRunsOfWhatThereIsNot(t *testing.T) {
	s := newStand(t)
	for name, err := range map[string]error{
		"workflow": func() error { _, err := s.runs.Start(t.Context(), "nothing", s.asset, nil); return err }(),
		"asset":    func() error { _, err := s.runs.Start(t.Context(), "send", "as_nothing", nil); return err }(),
	} {
		missing, ok := errors.AsType[*catalog.Missing](err)
		if !ok || missing.What != name || !errors.Is(err, catalog.ErrNotFound) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
