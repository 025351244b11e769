package dispatch_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"gantry/connectors"
	"gantry/orchestrator/catalog"
	"gantry/orchestrator/resources"
	"gantry/transfer/agent/wire"
)

func TestAnOrderIsLeasedAndEnds(t *testing.T) {
	w := newWorld(t)
	w.place("k1")
	o := w.one("a")
	if o.Key != "k1" || o.Fence != 1 || !o.LeaseUntil.Equal(w.now.Add(leaseTime)) || o.Locations["hot"].URL != "file:///hot" || o.Locations["out"].Name != "out" || len(o.Locations) != 2 {
		t.Errorf("the order is %+v", o)
	}
	if orders := w.lease("b"); len(orders) != 0 {
		t.Errorf("another agent gets %+v", orders)
	}
	w.pass(leaseTime / 2)
	until, err := w.Renew(t.Context(), o.ID, wire.ProgressReport{Agent: "a", Fence: 1, Done: 3, Total: 7, Rate: 2, Phase: "sending"})
	w.must(err)
	if tr := w.transfer(o.ID); !until.Equal(w.now.Add(leaseTime)) || tr.Done != 3 || tr.Phase != "sending" || tr.Rate != 2 {
		t.Errorf("until %v; the transfer is %+v", until, tr)
	}
	for range 2 { // a repeated result does no harm
		w.must(w.End(t.Context(), o.ID, done("a", o)))
	}
	if got, want := w.runs.take(), "run_1 k1 gives true"; got != want {
		t.Errorf("the run hears %q; want %q", got, want)
	}
	if tr := w.transfer(o.ID); tr.Status != catalog.TransferDone || !strings.Contains(string(tr.Receipts), "native") {
		t.Errorf("the transfer is %+v", tr)
	}
}

func TestALostLease(t *testing.T) {
	w := newWorld(t)
	w.place("k1")
	first := w.one("a")
	w.pass(leaseTime + time.Second)
	second := w.one("b")
	if second.ID != first.ID || second.Fence != 2 {
		t.Errorf("the second lease is %+v", second)
	}
	_, renewed := w.Renew(t.Context(), first.ID, wire.ProgressReport{Agent: "a", Fence: 1})
	for name, err := range map[string]error{
		"renewing":         renewed,
		"ending":           w.End(t.Context(), first.ID, done("a", first)),
		"failing":          w.End(t.Context(), first.ID, failed("a", first, connectors.KindTimeout, "slow")),
		"failing for good": w.End(t.Context(), first.ID, failed("a", first, connectors.KindIntegrity, "other bytes")),
		"another's fence":  w.End(t.Context(), first.ID, wire.ResultReport{Agent: "a", Fence: 2}),
	} {
		if !errors.Is(err, catalog.ErrFenced) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if got := w.runs.take(); got != "" {
		t.Errorf("the run hears %q", got)
	}
	w.must(w.End(t.Context(), second.ID, done("b", second)))
	if _, err := w.Renew(t.Context(), "tr_nothing", wire.ProgressReport{}); !errors.Is(err, catalog.ErrNotFound) {
		t.Errorf("an order that was never placed: %v", err)
	}
}

func TestALongPollWakesAtOnce(t *testing.T) {
	w := newWorld(t)
	type answer struct {
		orders []wire.Order
		err    error
	}
	answers := make(chan answer, 1)
	began := time.Now()
	go func() {
		orders, err := w.Orders(t.Context(), wire.LeaseRequest{Agent: "a", Site: "venue", Max: 1, Wait: 30})
		answers <- answer{orders, err}
	}()
	for len(w.Agents()) == 0 { // until it has been heard
		time.Sleep(time.Millisecond)
	}
	w.place("k1")
	a := <-answers
	if a.err != nil || len(a.orders) != 1 || time.Since(began) > 10*time.Second {
		t.Errorf("%d orders, %v, after %s", len(a.orders), a.err, time.Since(began))
	}
	for name, wait := range map[string]float64{"no": 0, "a short": 0.05, "a negative": -3} {
		orders, err := w.Orders(t.Context(), wire.LeaseRequest{Agent: "a", Site: "venue", Wait: wait})
		if err != nil || orders == nil || len(orders) != 0 {
			t.Errorf("with %s wait: %v, %v", name, orders, err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if orders, err := w.Orders(ctx, wire.LeaseRequest{Agent: "a", Site: "venue", Wait: 30}); err != nil || len(orders) != 0 {
		t.Errorf("after the caller left: %v, %v", orders, err)
	}
}

func TestNobodyGetsTooMuch(t *testing.T) {
	w := newWorld(t)
	for i := range 20 {
		w.place(fmt.Sprintf("k%02d", i))
	}
	for most, want := range map[int]int{0: 1, -5: 1} {
		orders, err := w.Orders(t.Context(), wire.LeaseRequest{Agent: "a", Site: "venue", Max: most})
		if err != nil || len(orders) != want {
			t.Errorf("who asks for %d gets %d, %v; want %d", most, len(orders), err, want)
		}
	}
	orders, err := w.Orders(t.Context(), wire.LeaseRequest{Agent: "a", Site: "venue", Max: 1 << 30})
	if err != nil || len(orders) != 16 {
		t.Errorf("who asks for all gets %d, %v", len(orders), err)
	}
	if orders, err := w.Orders(t.Context(), wire.LeaseRequest{Agent: "a", Site: "other", Max: 4}); err != nil || len(orders) != 0 {
		t.Errorf("another site gets %d, %v", len(orders), err)
	}
}

// An order that is due is found behind however many that are not.
func TestWorkIsFoundBehindMuchThatWaits(t *testing.T) {
	w := newWorld(t)
	w.place("due")
	w.must(w.Store.Write(t.Context(), func(ctx context.Context, tx catalog.Tx) error {
		for i := range 1100 {
			_, _, err := tx.AddTransfer(ctx, catalog.Transfer{
				ID: catalog.NewID(catalog.PrefixTransfer, w.now.Add(time.Second)), Key: fmt.Sprint("later", i), Kind: catalog.TransferTransfer, Site: "venue",
				Status: catalog.TransferQueued, NotBefore: w.now.Add(time.Hour), Spec: json.RawMessage(`{}`),
			})
			if err != nil {
				return err
			}
		}
		return nil
	}))
	if o := w.one("a"); o.Key != "due" {
		t.Errorf("it gets %s", o.Key)
	}
	if orders := w.lease("a"); len(orders) != 0 {
		t.Errorf("then it gets %d", len(orders))
	}
}

func TestAFailureThatMayPassIsTriedAgainLater(t *testing.T) {
	w := newWorld(t)
	w.place("k1")
	var delays []time.Duration
	for i, kind := range []connectors.Kind{connectors.KindTimeout, connectors.KindNoSpace, connectors.KindAuth, connectors.KindNotFound, connectors.KindOther} {
		o := w.one("a")
		w.must(w.End(t.Context(), o.ID, failed("a", o, kind, fmt.Sprint("failure ", i))))
		tr := w.transfer(o.ID)
		if tr.Status != catalog.TransferQueued || tr.Error != fmt.Sprint("failure ", i) {
			t.Errorf("after %s: %+v", kind, tr)
		}
		delay := tr.NotBefore.Sub(w.now)
		delays = append(delays, delay)
		w.pass(delay - time.Second)
		if orders := w.lease("a"); len(orders) != 0 {
			t.Errorf("after %s it is leased too early", kind)
		}
		w.pass(time.Second)
	}
	if got, want := fmt.Sprint(delays), "[2s 4s 8s 16s 32s]"; got != want {
		t.Errorf("the delays are %s; want %s", got, want)
	}
	for range 10 {
		o := w.one("a")
		w.must(w.End(t.Context(), o.ID, failed("a", o, connectors.KindUnavailable, "away")))
		w.pass(5 * time.Minute)
	}
	if got := w.runs.take(); got != "" {
		t.Errorf("the run hears %q", got)
	}
	o := w.one("a")
	w.must(w.End(t.Context(), o.ID, done("a", o)))
}

func TestAFailureForGoodEndsTheStep(t *testing.T) {
	for _, kind := range []connectors.Kind{connectors.KindInvalid, connectors.KindUnsupported, connectors.KindIntegrity, connectors.KindChanged, connectors.KindExists} {
		w := newWorld(t)
		w.place("k1")
		o := w.one("a")
		for range 2 {
			w.must(w.End(t.Context(), o.ID, failed("a", o, kind, "no good")))
		}
		if got, want := w.runs.take(), "run_1 k1 fails: the transfer failed: no good"; got != want {
			t.Errorf("%s: the run hears %q; want %q", kind, got, want)
		}
		if tr := w.transfer(o.ID); tr.Status != catalog.TransferFailed || tr.Error != "no good" {
			t.Errorf("%s: the transfer is %+v", kind, tr)
		}
	}
}

func TestWhatIsNotFoundIsGivenUpInTheEnd(t *testing.T) {
	w := newWorld(t)
	w.place("k1")
	for range 5 {
		o := w.one("a")
		w.must(w.End(t.Context(), o.ID, failed("a", o, connectors.KindNotFound, "no such file")))
		w.pass(5 * time.Minute)
	}
	if got, want := w.runs.take(), "run_1 k1 fails: the transfer failed: no such file"; got != want {
		t.Errorf("the run hears %q; want %q", got, want)
	}
}

// delivering places the order of a delivery and gives it leased.
func delivering(w *world) (asset string, o wire.Order) {
	w.must(w.take(w.arrival("A1", "in", "clip.mxf")))
	w.runs.take()
	asset = read(w, func(ctx context.Context, r catalog.Reader) (catalog.Asset, error) { return r.AssetByArrival(ctx, "A1") }).ID
	w.step("deliver", asset, "k1", `{"partner": "p"}`)
	return asset, w.one("a")
}

func (w *world) delivery(asset string) catalog.Delivery {
	return read(w, func(ctx context.Context, r catalog.Reader) (catalog.Delivery, error) {
		return r.DeliveryTo(ctx, asset, "p")
	})
}

func TestADeliveryEndsWithItsOrder(t *testing.T) {
	t.Run("done", func(t *testing.T) {
		w := newWorld(t)
		asset, o := delivering(w)
		w.must(w.End(t.Context(), o.ID, done("a", o)))
		if d := w.delivery(asset); d.Status != catalog.DeliveryDelivered || d.Proof != "native" {
			t.Errorf("the delivery is %+v", d)
		}
	})
	t.Run("failed", func(t *testing.T) {
		w := newWorld(t)
		asset, o := delivering(w)
		w.must(w.End(t.Context(), o.ID, failed("a", o, connectors.KindTimeout, "slow")))
		if d := w.delivery(asset); d.Status != catalog.DeliveryPending {
			t.Errorf("put off, it is %+v", d)
		}
		w.pass(time.Minute)
		o = w.one("a")
		w.must(w.End(t.Context(), o.ID, failed("a", o, connectors.KindIntegrity, "other bytes")))
		if d := w.delivery(asset); d.Status != catalog.DeliveryFailed || d.Error != "other bytes" {
			t.Errorf("failed, it is %+v", d)
		}
	})
	t.Run("abandoned", func(t *testing.T) {
		w := newWorld(t)
		asset, o := delivering(w)
		w.place("k2")
		w.must(w.Store.Write(t.Context(), func(ctx context.Context, tx catalog.Tx) error {
			return w.Abandon(ctx, tx, "run_1", "the run was cancelled")
		}))
		w.wantState("abandoned", "assets [processing:1] transfers [cancelled:2 done:1] events 3")
		if d := w.delivery(asset); d.Status != catalog.DeliveryFailed || d.Error != "the run was cancelled" {
			t.Errorf("the delivery is %+v", d)
		}
		if _, err := w.Renew(t.Context(), o.ID, wire.ProgressReport{Agent: "a", Fence: o.Fence}); !errors.Is(err, catalog.ErrFenced) {
			t.Errorf("the agent goes on: %v", err)
		}
		if orders := w.lease("a"); len(orders) != 0 {
			t.Errorf("there is work still: %+v", orders)
		}
	})
	t.Run("without proof", func(t *testing.T) {
		w := newWorld(t)
		asset, o := delivering(w)
		if err := w.End(t.Context(), o.ID, wire.ResultReport{Agent: "a", Fence: o.Fence}); connectors.KindOf(err) != connectors.KindInvalid {
			t.Errorf("got %v", err)
		}
		if d, tr := w.delivery(asset), w.transfer(o.ID); d.Status != catalog.DeliveryPending || tr.Status != catalog.TransferLeased {
			t.Errorf("the delivery is %s, the transfer %s", d.Status, tr.Status)
		}
	})
}

func TestALocationThatWasTakenAwayIsWaitedFor(t *testing.T) {
	w := newWorld(t)
	w.place("k1")
	dir := t.TempDir()
	none, err := resources.Open(t.Context(), dir, dir, func(context.Context, *resources.Set, bool) error { return nil })
	w.must(err)
	before := w.Resources
	w.Resources = none
	if orders := w.lease("a"); len(orders) != 0 {
		t.Errorf("it is leased: %+v", orders)
	}
	tr := read(w, func(ctx context.Context, r catalog.Reader) (catalog.Transfer, error) {
		return r.TransferByKey(ctx, "k1")
	})
	if tr.Status != catalog.TransferQueued || !strings.Contains(tr.Error, "there is no such Location any more (apply it again, or cancel the run)") {
		t.Errorf("the transfer is %+v", tr)
	}
	w.Resources = before
	w.pass(time.Minute)
	if o := w.one("a"); o.Locations["out"].URL != "file:///out" {
		t.Errorf("the order is %+v", o)
	}
}

func TestAnOrderThatCannotBeReadHoldsNobodyUp(t *testing.T) {
	w := newWorld(t)
	w.must(w.Store.Write(t.Context(), func(ctx context.Context, tx catalog.Tx) error {
		_, _, err := tx.AddTransfer(ctx, catalog.Transfer{
			ID: catalog.NewID(catalog.PrefixTransfer, w.now.Add(-time.Hour)), Key: "bad", RunID: "run_1", Kind: catalog.TransferTransfer, Site: "venue", Status: catalog.TransferQueued, Spec: json.RawMessage(`[]`),
		})
		return err
	}))
	w.place("good")
	if o := w.one("a"); o.Key != "good" {
		t.Errorf("it gets %s", o.Key)
	}
	if got := w.runs.take(); !strings.HasPrefix(got, "run_1 bad fails: the transfer failed: read transfer") {
		t.Errorf("the run hears %q", got)
	}
}
