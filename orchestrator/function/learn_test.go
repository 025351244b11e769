package function_test

import (
	"context"
	"strings"
	"testing"

	"gantry/connectors"
	"gantry/orchestrator/catalog"
	"gantry/orchestrator/function"
	"gantry/transfer/agent/wire"
)

const summed = `
apiVersion: gantry/v1
kind: Partner
metadata: { name: summed }
spec:
  location: partner
  profile: original
  sidecar: { format: xml, name: "{{.Asset.Stem}}.xml", template: "<a of='{{.Asset.Digest}}'>{{range .Files}}<f>{{.XXH128}}</f>{{end}}</a>" }
---
apiVersion: gantry/v1
kind: Partner
metadata: { name: named }
spec: { location: partner, profile: original, path: "{{.Asset.Digest}}" }
`

// edged makes the asset a recording of which only the edges were compared.
func (w *world) edged(asset string) {
	w.t.Helper()
	crc := connectors.Digests{connectors.CRC64NVME: "0123456789abcdef"}
	w.must(w.Store.Write(w.t.Context(), func(ctx context.Context, tx catalog.Tx) error {
		if _, err := tx.UpdateAsset(ctx, asset, func(a *catalog.Asset) error { a.Digests = crc; return nil }); err != nil {
			return err
		}
		copies, err := tx.Copies(ctx, catalog.CopyFilter{AssetID: asset, Page: catalog.Page{Limit: 10}})
		for _, c := range copies {
			c.Digests = crc
			if _, err := tx.PutCopy(ctx, c); err != nil {
				return err
			}
		}
		return err
	}))
}

// An asset that arrived with nothing but its crc64nvme is delivered by it, its documents
// name what the copying computes, and the catalogue has that from then on.
func TestARecordingWithoutAllDigestsIsDelivered(t *testing.T) {
	w := newWorld(t, summed)
	asset, _ := w.asset("clip.mxf")
	w.edged(asset)
	word := wire.PendingDigest(0)
	tr, o := w.pending("deliver", asset, "k1", function.DeliverInput{Partner: "summed"})
	if got := o.Documents[0].Content; got != "<a of='"+word+"'><f>"+word+"</f></a>" {
		t.Errorf("the sidecar is %s", got)
	}
	if sum := o.Files[0].Source.Digests[connectors.CRC64NVME]; sum != "0123456789abcdef" {
		t.Errorf("the file is to be %v", o.Files[0].Source.Digests)
	}
	_, err := w.call("deliver", asset, "k2", function.DeliverInput{Partner: "named"})
	w.wantFault(err, "validation", "named wants the xxh128 of the recording in the name of its folder, and it is not known yet")

	receipts := w.receipts(o)
	receipts[0].Digests = connectors.Digests{connectors.CRC64NVME: "0123456789abcdef", connectors.XXH128: "00112233445566778899aabbccddeeff"}
	_, err = w.finish(tr, receipts)
	w.must(err)
	a := read(w, func(ctx context.Context, r catalog.Reader) (catalog.Asset, error) { return r.Asset(ctx, asset) })
	hot := read(w, func(ctx context.Context, r catalog.Reader) (catalog.Copy, error) {
		return r.CopyAt(ctx, "hot", "clip.mxf")
	})
	if a.Digests[connectors.XXH128] != receipts[0].Digests[connectors.XXH128] || a.Digests[connectors.CRC64NVME] == "" || hot.Digests[connectors.XXH128] == "" {
		t.Errorf("the asset has %v, its first copy %v", a.Digests, hot.Digests)
	}
	_, o = w.pending("deliver", asset, "k3", function.DeliverInput{Partner: "named"})
	if to := o.Files[0].Destinations[0].Path; !strings.HasPrefix(to, a.Digests[connectors.XXH128]) {
		t.Errorf("delivered to %s", to)
	}
}

// A receipt of other bytes teaches nothing.
func TestNothingIsLearntOfOtherBytes(t *testing.T) {
	w := newWorld(t, summed)
	asset, _ := w.asset("clip.mxf")
	w.edged(asset)
	tr, o := w.pending("deliver", asset, "k1", function.DeliverInput{Partner: "summed"})
	receipts := w.receipts(o)
	receipts[0].Digests = connectors.Digests{connectors.CRC64NVME: "ffffffffffffffff", connectors.XXH128: "00112233445566778899aabbccddeeff"}
	_, _ = w.finish(tr, receipts)
	a := read(w, func(ctx context.Context, r catalog.Reader) (catalog.Asset, error) { return r.Asset(ctx, asset) })
	if len(a.Digests) != 1 {
		t.Errorf("the asset has %v", a.Digests)
	}
}
