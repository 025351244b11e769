package function_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"gantry/connectors"
	"gantry/orchestrator/catalog"
	"gantry/orchestrator/function"
	"gantry/transfer"
	"gantry/transfer/agent/wire"
)

func TestDeliveringOnce(t *testing.T) {
	w := newWorld(t)
	asset, _ := w.asset("day 1/Clip & <1>.mxf")
	in := function.DeliverInput{Partner: "paper"}
	tr, o := w.pending("deliver", asset, "k1", in)
	folder := "Clip & <1>-" + asset[len(asset)-8:]
	if tr.Site != "venue" || tr.Kind != catalog.TransferDeliver || o.Key != "k1" || o.Manifest.Root != folder || !o.Manifest.Created.Equal(w.now) {
		t.Errorf("the order is %+v", o)
	}
	if got, want := o.Files[0].Destinations[0], (wire.PlaceRef{Location: "partner", Path: folder + "/Clip & <1>.mxf"}); got != want {
		t.Errorf("the file goes to %v; want %v", got, want)
	}
	if got, want := o.Documents[0].Content, "<a>Clip &amp; &lt;1&gt;.mxf<f>Clip &amp; &lt;1&gt;.mxf</f></a>"; got != want || o.Documents[0].Destinations[0].Path != folder+"/Clip & <1>.xml" {
		t.Errorf("the sidecar is %s at %v; want %s", got, o.Documents[0].Destinations, want)
	}

	w.pending("deliver", asset, "k1", in)
	if got, want := w.rows(), "transfers map[queued:1], deliveries map[pending:1]"; got != want {
		t.Errorf("called twice there are %s; want %s", got, want)
	}

	_, err := w.finish(tr, w.receipts(o)[:1])
	if connectors.KindOf(err) != connectors.KindInvalid || !strings.Contains(err.Error(), "no receipt proves this copy") {
		t.Errorf("receipts that lack the sidecar: %v", err)
	}
	_, err = w.finish(tr, w.receipts(o)[:2])
	if connectors.KindOf(err) != connectors.KindInvalid || !strings.Contains(err.Error(), "no receipt proves the manifest") {
		t.Errorf("receipts that lack the manifest: %v", err)
	}
	word := w.receipts(o)
	word[0].Copies[0].Proof = "promised"
	if _, err = w.finish(tr, word); connectors.KindOf(err) != connectors.KindInvalid {
		t.Errorf("a proof that there is not: %v", err)
	}
	if _, err = w.finish(tr, nil); connectors.KindOf(err) != connectors.KindInvalid {
		t.Errorf("no receipts: %v", err)
	}

	output, err := w.finish(tr, w.receipts(o))
	w.must(err)
	var first function.DeliverOutput
	w.must(json.Unmarshal(output, &first))
	d := w.delivery(asset, "paper")
	if first.Delivery != d.ID || len(first.Files) != 3 || d.Status != catalog.DeliveryDelivered || d.Proof != "readback" || !d.DeliveredAt.Equal(w.now) {
		t.Errorf("the delivery is %+v, the output %+v", d, first)
	}
	a := read(w, func(ctx context.Context, r catalog.Reader) (catalog.Asset, error) { return r.Asset(ctx, asset) })
	if !a.LiveAt.Equal(w.now) || !a.PublishedAt.Equal(w.now) {
		t.Errorf("the asset is live at %v", a.LiveAt)
	}

	var again function.DeliverOutput
	w.done("deliver", asset, "k2", in, &again)
	if again.Delivery != first.Delivery || len(again.Files) != 3 {
		t.Errorf("delivered again: %+v", again)
	}
	if got, want := w.rows(), "transfers map[done:1], deliveries map[delivered:1]"; got != want {
		t.Errorf("at last there are %s; want %s", got, want)
	}
}

func TestDeliveringAfterAnEarlierRun(t *testing.T) {
	w := newWorld(t)
	asset, _ := w.asset("clip.mxf")
	in := function.DeliverInput{Partner: "paper"}
	tr, o := w.pending("deliver", asset, "k1", in)

	_, err := w.call("deliver", asset, "k2", in)
	if connectors.KindOf(err) != connectors.KindBusy || !strings.Contains(err.Error(), "see transfer "+tr.ID) {
		t.Errorf("while another run delivers it: %v", err)
	}
	if got, want := w.rows(), "transfers map[queued:1], deliveries map[pending:1]"; got != want {
		t.Errorf("there are %s; want %s", got, want)
	}

	w.fail(tr, "the partner's disk broke")
	if d := w.delivery(asset, "paper"); d.Status != catalog.DeliveryFailed || d.Error != "the partner's disk broke" {
		t.Errorf("the failed delivery is %+v", d)
	}
	second, _ := w.pending("deliver", asset, "k2", in)
	d := w.delivery(asset, "paper")
	if d.Status != catalog.DeliveryPending || d.TransferID != second.ID || d.Error != "" {
		t.Errorf("the new delivery is %+v", d)
	}
	w.fail(tr, "too late")
	if d := w.delivery(asset, "paper"); d.Status != catalog.DeliveryPending {
		t.Errorf("the old transfer changed it: %+v", d)
	}
	_, err = w.finish(second, w.receipts(o))
	w.must(err)
}

func TestWhatCannotBeDelivered(t *testing.T) {
	w := newWorld(t)
	asset, _ := w.asset("clip.mxf")
	for name, test := range map[string]struct {
		asset, partner, kind, says string
	}{
		"no such partner":     {asset, "nobody", "configuration", `there is no Partner "nobody"`},
		"no such rendition":   {asset, "wants-tiny", "validation", "wants-tiny wants the rendition tiny, but there is no rendition of that profile"},
		"a clash of names":    {asset, "clashes", "configuration", "the sidecar of clashes has the name of a media file"},
		"a run of no asset":   {"", "paper", "validation", "the run is not about an asset"},
		"a partner's no name": {asset, "", "configuration", `there is no Partner ""`},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := w.call("deliver", test.asset, "k", function.DeliverInput{Partner: test.partner})
			w.wantFault(err, test.kind, test.says)
		})
	}
	if got, want := w.rows(), "transfers map[], deliveries map[]"; got != want {
		t.Errorf("there are %s; want %s", got, want)
	}
}

func TestRenditionsAreDeliveredFromOneLocation(t *testing.T) {
	w := newWorld(t)
	asset, _ := w.asset("clip.mxf")
	original := read(w, func(ctx context.Context, r catalog.Reader) (catalog.Rendition, error) {
		return r.Rendition(ctx, asset, "original")
	})
	w.now = w.now.Add(1)
	w.must(w.Store.Write(t.Context(), func(ctx context.Context, tx catalog.Tx) error {
		if err := w.copyOf(ctx, tx, original, "cold", "clip.mxf", catalog.CopyArchive); err != nil {
			return err
		}
		return w.copyOf(ctx, tx, original, "reject", "clip.mxf", catalog.CopyHot)
	}))
	_, o := w.pending("deliver", asset, "k", function.DeliverInput{Partner: "paper"})
	if len(o.Files) != 1 || o.Files[0].Source.Location == "cold" {
		t.Errorf("the files are %+v", o.Files)
	}
}

func TestArchiving(t *testing.T) {
	w := newWorld(t)
	asset, source := w.asset("noending")
	tr, o := w.pending("archive", asset, "k", function.ArchiveInput{Source: source, Location: "cold"})
	folder := "2026/05/noending-" + asset[len(asset)-8:]
	if got := o.Files[0].Destinations[0]; got.Location != "cold" || got.Path != folder+"/noending" || o.Manifest.Root != folder {
		t.Errorf("it goes to %+v, with a manifest at %s", got, o.Manifest.Root)
	}
	if _, err := w.finish(tr, nil); connectors.KindOf(err) != connectors.KindInvalid {
		t.Errorf("no receipts: %v", err)
	}
	output, err := w.finish(tr, w.receipts(o))
	w.must(err)
	var out function.ArchiveOutput
	w.must(json.Unmarshal(output, &out))
	c := read(w, func(ctx context.Context, r catalog.Reader) (catalog.Copy, error) {
		return r.CopyAt(ctx, "cold", out.Copy.Path)
	})
	if c.Kind != catalog.CopyArchive || c.Tier != "cold" || c.Proof != "readback" {
		t.Errorf("the copy is %+v", c)
	}
	var again function.ArchiveOutput
	w.done("archive", asset, "another run", function.ArchiveInput{Source: source, Location: "cold"}, &again)
	if got, want := fmt.Sprint(again), fmt.Sprint(out); got != want {
		t.Errorf("archived again: %s; want %s", got, want)
	}
	if got, want := w.rows(), "transfers map[done:1], deliveries map[]"; got != want {
		t.Errorf("there are %s; want %s", got, want)
	}
	w.pending("archive", asset, "elsewhere", function.ArchiveInput{Source: source, Location: "partner"})
	_, err = w.call("archive", asset, "k2", function.ArchiveInput{Source: source, Location: "moon"})
	w.wantFault(err, "configuration", `there is no location "moon"`)
	_, err = w.call("archive", asset, "k3", function.ArchiveInput{Source: wire.FileRef{Location: "moon", Path: "x"}, Location: "cold"})
	w.wantFault(err, "configuration", `there is no location "moon"`)
}

// What an archive or the quarantine keeps as the original are the original's bytes.
func TestOtherBytesAreNotTheOriginal(t *testing.T) {
	w := newWorld(t)
	asset, source := w.asset("clip.mxf")
	source.Digests = connectors.Digests{"xxh128": "ff"} // whatever the workflow says
	for name, in := range map[string]any{
		"archive":    function.ArchiveInput{Source: source, Location: "cold"},
		"quarantine": function.QuarantineInput{Source: source, Reason: "r"},
	} {
		tr, o := w.pending(name, asset, name, in)
		if got := o.Files[0].Source.Digests["xxh128"]; got != "00" {
			t.Errorf("%s: the agent has to find the digest %q", name, got)
		}
		for _, digests := range []connectors.Digests{{"xxh128": "ff"}, {"md5": "00"}, nil} {
			receipts := w.receipts(o)
			receipts[0].Digests = digests
			if _, err := w.finish(tr, receipts); connectors.KindOf(err) != connectors.KindInvalid || !strings.Contains(err.Error(), "other bytes than the original's") {
				t.Errorf("%s of %v: %v", name, digests, err)
			}
		}
	}
}

func TestQuarantining(t *testing.T) {
	w := newWorld(t)
	asset, source := w.asset("bad <clip>.mxf")
	tr, o := w.pending("quarantine", asset, "k", function.QuarantineInput{Source: source, Reason: "black & silent"})
	var why struct{ Name, Reason string }
	w.must(json.Unmarshal([]byte(o.Documents[0].Content), &why))
	if why.Name != "bad <clip>.mxf" || why.Reason != "black & silent" {
		t.Errorf("the note is %s", o.Documents[0].Content)
	}
	a := read(w, func(ctx context.Context, r catalog.Reader) (catalog.Asset, error) { return r.Asset(ctx, asset) })
	if a.Status != catalog.AssetQuarantined || a.Reason != "black & silent" {
		t.Errorf("the asset is %s, %s", a.Status, a.Reason)
	}
	w.pending("quarantine", asset, "k", function.QuarantineInput{Source: source, Reason: "another"})
	if _, err := w.finish(tr, w.receipts(o)); err != nil {
		t.Error(err)
	}
	if got, want := w.rows(), "transfers map[done:1], deliveries map[]"; got != want {
		t.Errorf("there are %s; want %s", got, want)
	}
}

func TestTransferring(t *testing.T) {
	w := newWorld(t)
	asset, source := w.asset("clip.mxf")
	in := function.TransferInput{Source: source, To: wire.PlaceRef{Location: "cold", Path: "elsewhere/clip.mxf"}}
	for key, about := range map[string]string{"k1": asset, "k2": ""} {
		tr, o := w.pending("transfer", about, key, in)
		output, err := w.finish(tr, w.receipts(o))
		w.must(err)
		if !strings.Contains(string(output), "elsewhere/clip.mxf") {
			t.Errorf("the output is %s", output)
		}
	}
	in.To.Location = "moon"
	_, err := w.call("transfer", asset, "k3", in)
	w.wantFault(err, "configuration", `there is no location "moon"`)
}

func TestAnOrderIsAnEvent(t *testing.T) {
	w := newWorld(t)
	_, source := w.asset("clip.mxf")
	news := w.Store.Watch()
	tr, _ := w.pending("transfer", "", "k", function.TransferInput{Source: source, To: wire.PlaceRef{Location: "cold", Path: "x"}})
	select {
	case <-news:
	default:
		t.Error("nobody is woken")
	}
	events := read(w, func(ctx context.Context, r catalog.Reader) ([]catalog.Event, error) {
		return r.EventsOf(ctx, tr.ID, 0, 10)
	})
	if len(events) != 1 || events[0].Type != function.EventQueued {
		t.Errorf("the events are %+v", events)
	}
}

func TestAnOrderOfAnUnknownKindIsRefused(t *testing.T) {
	w := newWorld(t)
	for _, spec := range []string{`{"kind": "fetch"}`, `{`} {
		if _, err := w.finish(catalog.Transfer{ID: "tr_1", Spec: json.RawMessage(spec)}, []transfer.Receipt{}); err == nil || !strings.Contains(err.Error(), "tr_1") {
			t.Errorf("%s: %v", spec, err)
		}
	}
}

func TestTiering(t *testing.T) {
	w := newWorld(t)
	asset, _ := w.asset("clip.mxf")
	var out function.TierOutput
	w.done("tier", asset, "k", map[string]any{"media": map[string]any{"duration": 10}}, &out)
	if want := (function.TierOutput{Tier: "cold", Reason: "it is not large", Location: "cold"}); out != want {
		t.Errorf("got %+v; want %+v", out, want)
	}
	a := read(w, func(ctx context.Context, r catalog.Reader) (catalog.Asset, error) { return r.Asset(ctx, asset) })
	if a.Tier != "cold" || a.TierReason != "it is not large" {
		t.Errorf("the asset is %+v", a)
	}
	_, err := w.call("tier", asset, "k", map[string]any{"media": map[string]any{"video": []any{map[string]any{"width": 3840, "height": 2160}}}})
	w.wantFault(err, "configuration", `no location is of tier "deep": set spec.tier of a Location`)
	_, err = w.call("tier", "", "k", map[string]any{})
	w.wantFault(err, "validation", "not about an asset")
}

func TestInputsThatDoNotFit(t *testing.T) {
	w := newWorld(t)
	for name, f := range w.steps {
		for _, input := range []string{`{"surprise": 1}`, `[]`, `"x"`, `{`} {
			_, err := f.Run(t.Context(), function.Call{Key: "k", Run: "run_1", Input: json.RawMessage(input), Progress: func(function.Progress) {}})
			w.wantFault(err, "validation", "the input of "+name+" does not fit")
		}
		if f.Summary == "" || f.Input == nil || (f.Output == nil && name != "http") {
			t.Errorf("%s is not described", name)
		}
	}
}
