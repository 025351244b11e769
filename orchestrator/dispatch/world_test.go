package dispatch_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"gantry/connectors"
	"gantry/orchestrator/catalog"
	"gantry/orchestrator/dispatch"
	"gantry/orchestrator/flow"
	"gantry/orchestrator/function"
	"gantry/orchestrator/resources"
	"gantry/transfer"
	"gantry/transfer/agent/wire"
)

// A world is a desk over a real catalogue and the real functions. Runs are only
// written down.
type world struct {
	*dispatch.Desk
	t    *testing.T
	host *function.Host
	runs *ledger

	mu  sync.Mutex
	now time.Time
}

// A ledger writes down what the desk asks of the workflow engine.
type ledger struct {
	mu     sync.Mutex
	lines  []string
	refuse error // what Begin gives
}

func (l *ledger) Begin(_ context.Context, _ catalog.Tx, id, workflow, asset string, input json.RawMessage) error {
	l.add("begin %s of %s for %s with %s", workflow, id, asset[:3], input)
	return l.refuse
}

func (l *ledger) Resolve(_ context.Context, _ catalog.Tx, run, key string, output json.RawMessage, fault *flow.Error) error {
	if fault != nil {
		l.add("%s %s fails: %s: %s", run, key, fault.Title, fault.Detail)
		return nil
	}
	l.add("%s %s gives %t", run, key, len(output) > 0)
	return nil
}

func (l *ledger) add(format string, args ...any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lines = append(l.lines, fmt.Sprintf(format, args...))
}

// take gives what was written down since the last time.
func (l *ledger) take() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	text := strings.Join(l.lines, "\n")
	l.lines = nil
	return text
}

const documents = `
apiVersion: gantry/v1
kind: Site
metadata: { name: venue }
spec: {}
---
apiVersion: gantry/v1
kind: Location
metadata: { name: card }
spec: { site: venue, url: "file:///card" }
---
apiVersion: gantry/v1
kind: Location
metadata: { name: hot }
spec: { site: venue, url: "file:///hot", tier: hot }
---
apiVersion: gantry/v1
kind: Location
metadata: { name: out }
spec: { site: venue, url: "file:///out" }
---
apiVersion: gantry/v1
kind: Route
metadata: { name: in }
spec: { site: venue, from: card, to: hot, workflow: clip, labels: { sport: "ski & more" } }
---
apiVersion: gantry/v1
kind: Route
metadata: { name: quiet }
spec: { site: venue, from: card, to: out }
---
apiVersion: gantry/v1
kind: Partner
metadata: { name: p }
spec: { location: out, profile: original }
---
document: { dsl: 1.0.3, namespace: test, name: clip, version: 1.0.0 }
do: [ { x: { set: { a: 1 } } } ]
`

const leaseTime = 10 * time.Second

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, now: time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC), runs: &ledger{}}
	dir := t.TempDir()
	store, err := catalog.Open(t.Context(), (&url.URL{Scheme: "sqlite", Path: filepath.Join(dir, "gantry.db")}).String())
	w.must(err)
	t.Cleanup(func() { _ = store.Close() })
	w.must(os.WriteFile(filepath.Join(dir, "all.yaml"), []byte(documents), 0o644))
	set, err := resources.Open(t.Context(), dir, dir, func(context.Context, *resources.Set, bool) error { return nil })
	w.must(err)
	w.host = &function.Host{Store: store, Resources: set, Now: w.clock}
	w.Desk = &dispatch.Desk{Store: store, Resources: set, Runs: w.runs, Books: w.host, Now: w.clock, Lease: leaseTime}
	return w
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) clock() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.now
}

func (w *world) pass(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now = w.now.Add(d)
}

func read[T any](w *world, fn func(ctx context.Context, r catalog.Reader) (T, error)) (v T) {
	w.t.Helper()
	w.must(w.Store.Read(w.t.Context(), func(ctx context.Context, r catalog.Reader) (err error) {
		v, err = fn(ctx, r)
		return err
	}))
	return v
}

// state tells in a line what the catalogue holds.
func (w *world) state() string {
	w.t.Helper()
	c := read(w, func(ctx context.Context, r catalog.Reader) (catalog.Counts, error) { return r.Count(ctx) })
	last := read(w, func(ctx context.Context, r catalog.Reader) (int64, error) { return r.LastEvent(ctx) })
	return strings.ReplaceAll(fmt.Sprintf("assets %v transfers %v events %d", c.Assets, c.Transfers, last), "map", "")
}

func (w *world) wantState(when, want string) {
	w.t.Helper()
	if got := w.state(); got != want {
		w.t.Errorf("%s: %s; want %s", when, got, want)
	}
}

func (w *world) transfer(id string) catalog.Transfer {
	w.t.Helper()
	return read(w, func(ctx context.Context, r catalog.Reader) (catalog.Transfer, error) { return r.Transfer(ctx, id) })
}

// arrival is an event about a file that was moved.
func (w *world) arrival(id, route, path string) wire.Event {
	w.t.Helper()
	return w.event("ev-"+id, wire.EventArrived, wire.Arrival{
		ID: id, Route: route, Path: path, FirstSeen: w.now, LastChange: w.now,
		Receipt: transfer.Receipt{
			Size: 7, Digests: connectors.Digests{"xxh128": "00"}, Started: w.now, Finished: w.now,
			Copies: []transfer.Copy{{Location: "hot", Path: path, Proof: transfer.ProofNative}},
		},
	})
}

func (w *world) failure(id, route, path string) wire.Event {
	w.t.Helper()
	return w.event("ev-failed-"+id, wire.EventFailed, wire.ArrivalFailure{ID: id, Route: route, Path: path, Kind: "no space left", Error: "full"})
}

func (w *world) event(id, kind string, data any) wire.Event {
	w.t.Helper()
	text, err := json.Marshal(data)
	w.must(err)
	return wire.Event{ID: id, Type: kind, Source: "/sites/venue/agents/a", Time: w.now, Data: text}
}

func (w *world) take(events ...wire.Event) error {
	return w.Take(w.t.Context(), wire.EventBatch{Agent: "a", Site: "venue", Events: events})
}

// place puts an order into the catalogue as a step does.
func (w *world) place(key string) {
	w.t.Helper()
	input, err := json.Marshal(function.TransferInput{
		Source: wire.FileRef{Location: "hot", Path: "clip", Size: 7}, To: wire.PlaceRef{Location: "out", Path: key},
	})
	w.must(err)
	w.step("transfer", "", key, string(input))
}

func (w *world) step(name, asset, key, input string) {
	w.t.Helper()
	for _, f := range function.Catalogue(w.host) {
		if f.Name != name {
			continue
		}
		_, err := f.Run(w.t.Context(), function.Call{Key: key, Run: "run_1", Asset: asset, Input: json.RawMessage(input), Progress: func(function.Progress) {}})
		if err == function.ErrPending {
			return
		}
		w.t.Fatalf("%s: %v", name, err)
	}
}

// lease asks for work without waiting.
func (w *world) lease(agent string) []wire.Order {
	w.t.Helper()
	orders, err := w.Orders(w.t.Context(), wire.LeaseRequest{Agent: agent, Site: "venue", Max: 4})
	w.must(err)
	return orders
}

// one leases the order that there must be.
func (w *world) one(agent string) wire.Order {
	w.t.Helper()
	orders := w.lease(agent)
	if len(orders) != 1 {
		w.t.Fatalf("%s gets %d orders; want 1", agent, len(orders))
	}
	return orders[0]
}

// done is the result of an order that was carried out.
func done(agent string, o wire.Order) wire.ResultReport {
	r := wire.ResultReport{Agent: agent, Fence: o.Fence}
	for _, f := range o.Files {
		receipt := transfer.Receipt{Size: f.Source.Size}
		for _, to := range f.Destinations {
			receipt.Copies = append(receipt.Copies, transfer.Copy{Location: to.Location, Path: to.Path, Proof: transfer.ProofNative})
		}
		r.Receipts = append(r.Receipts, receipt)
	}
	return r
}

func failed(agent string, o wire.Order, kind connectors.Kind, message string) wire.ResultReport {
	return wire.ResultReport{Agent: agent, Fence: o.Fence, Failure: &wire.Failure{Kind: string(kind), Message: message}}
}
