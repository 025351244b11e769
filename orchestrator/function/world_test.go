package function_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"gantry/connectors"
	"gantry/orchestrator/catalog"
	"gantry/orchestrator/function"
	"gantry/orchestrator/media"
	"gantry/orchestrator/resources"
	"gantry/transfer"
	"gantry/transfer/agent/wire"
	"gantry/transfer/journal"
)

// A world is a hub's functions over real folders and a real catalogue.
type world struct {
	*function.Host
	t     *testing.T
	dir   string
	now   time.Time
	steps map[string]function.Function
}

const loopback = "127.0.0.0/8"

// documents are what the world's hub works by.
const documents = `
apiVersion: gantry/v1
kind: Site
metadata: { name: venue }
spec: {}
---
apiVersion: gantry/v1
kind: Location
metadata: { name: hot }
spec: { site: venue, url: "file://${DATA}/hot", tier: hot, role: renditions }
---
apiVersion: gantry/v1
kind: Location
metadata: { name: reject }
spec: { site: venue, url: "file://${DATA}/reject", role: quarantine }
---
apiVersion: gantry/v1
kind: Location
metadata: { name: cold }
spec: { site: venue, url: "file://${DATA}/cold", tier: cold }
---
apiVersion: gantry/v1
kind: Location
metadata: { name: partner }
spec: { site: venue, url: "file://${DATA}/partner" }
---
apiVersion: gantry/v1
kind: Partner
metadata: { name: paper }
spec:
  location: partner
  profile: original
  manifest: true
  sidecar: { format: xml, name: "{{.Asset.Stem}}.xml", template: "<a>{{.Asset.Name}}{{range .Files}}<f>{{.Path}}</f>{{end}}</a>" }
---
apiVersion: gantry/v1
kind: Partner
metadata: { name: wants-tiny }
spec: { location: partner, profile: tiny }
---
apiVersion: gantry/v1
kind: Partner
metadata: { name: clashes }
spec: { location: partner, profile: original, sidecar: { format: json, name: "{{.Asset.Name}}", template: "1" } }
---
apiVersion: gantry/v1
kind: Profile
metadata: { name: tiny }
spec: { container: mp4, video: { codec: h264, pixelFormat: yuv420p, bitRate: 200k }, audio: { codec: aac, bitRate: 64k } }
---
apiVersion: gantry/v1
kind: QCRules
metadata: { name: default }
spec: {}
---
apiVersion: gantry/v1
kind: TieringPolicy
metadata: { name: house }
spec:
  rules:
    - { name: uhd, when: "media.width > 1920", tier: deep, reason: "it is large" }
  default: { tier: cold, reason: "it is not large" }
`

func newWorld(t *testing.T, more ...string) *world {
	t.Helper()
	w := &world{t: t, dir: filepath.Join(t.TempDir(), "data & <more>"), now: time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)}
	for _, name := range []string{"hot", "reject", "cold", "partner", "resources"} {
		w.must(os.MkdirAll(filepath.Join(w.dir, name), 0o755))
	}
	w.must(os.WriteFile(filepath.Join(w.dir, "resources", "all.yaml"), []byte(strings.Join(append([]string{documents}, more...), "---\n")), 0o644))
	store, err := catalog.Open(t.Context(), (&url.URL{Scheme: "sqlite", Path: filepath.Join(w.dir, "gantry.db")}).String())
	w.must(err)
	t.Cleanup(func() { _ = store.Close() })
	set, err := resources.Open(t.Context(), filepath.Join(w.dir, "resources"), w.dir, func(context.Context, *resources.Set, bool) error { return nil })
	w.must(err)
	j, err := journal.Open(filepath.Join(w.dir, "journal"), journal.Options{Now: time.Now})
	w.must(err)
	t.Cleanup(func() { _ = j.Close() })
	w.Host = &function.Host{
		Store: store, Resources: set, HTTP: function.GuardedClient([]netip.Prefix{netip.MustParsePrefix(loopback)}), Now: func() time.Time { return w.now },
		Files: &function.Files{Scratch: filepath.Join(w.dir, "scratch"), Resources: set, Engine: transfer.New(transfer.Options{Journal: j, Now: time.Now})},
	}
	w.steps = map[string]function.Function{}
	for _, f := range function.Catalogue(w.Host) {
		w.steps[f.Name] = f
	}
	return w
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// findTools is done once: it tries the sandbox.
var findTools = sync.OnceValues(func() (*media.Tools, error) { return media.Find(context.Background()) })

func (w *world) withTools() *world {
	w.t.Helper()
	tools, err := findTools()
	if err != nil {
		w.t.Fatalf("%v: apt-get install ffmpeg", err)
	}
	w.Media = tools
	return w
}

// call makes one attempt at a step.
func (w *world) call(name, asset, key string, input any) (json.RawMessage, error) {
	w.t.Helper()
	data, err := json.Marshal(input)
	w.must(err)
	return w.steps[name].Run(w.t.Context(), function.Call{
		Key: key, Run: "run_1", Asset: asset, Input: data, Attempt: 1, Progress: func(function.Progress) {},
	})
}

// done is call for a step that must succeed at once.
func (w *world) done(name, asset, key string, input, output any) {
	w.t.Helper()
	data, err := w.call(name, asset, key, input)
	w.must(err)
	w.must(json.Unmarshal(data, output))
}

// pending is call for a step that an agent carries out. It gives the transfer and
// its order.
func (w *world) pending(name, asset, key string, input any) (catalog.Transfer, wire.Order) {
	w.t.Helper()
	if _, err := w.call(name, asset, key, input); !errors.Is(err, function.ErrPending) {
		w.t.Fatalf("%s: %v; want it pending", name, err)
	}
	t := read(w, func(ctx context.Context, r catalog.Reader) (catalog.Transfer, error) {
		return r.TransferByKey(ctx, key)
	})
	var o wire.Order
	w.must(json.Unmarshal(t.Spec, &o))
	return t, o
}

// finish has the order end with the receipts.
func (w *world) finish(t catalog.Transfer, receipts []transfer.Receipt) (output json.RawMessage, err error) {
	w.t.Helper()
	err = w.Store.Write(w.t.Context(), func(ctx context.Context, tx catalog.Tx) error {
		if output, err = w.Finish(ctx, tx, t, receipts); err != nil {
			return err
		}
		_, err = tx.UpdateTransfer(ctx, t.ID, func(t *catalog.Transfer) error {
			t.Status = catalog.TransferDone
			return nil
		})
		return err
	})
	return output, err
}

// fail has the order end without.
func (w *world) fail(t catalog.Transfer, reason string) {
	w.t.Helper()
	w.must(w.Store.Write(w.t.Context(), func(ctx context.Context, tx catalog.Tx) error {
		_, err := tx.UpdateTransfer(ctx, t.ID, func(t *catalog.Transfer) error {
			t.Status = catalog.TransferFailed
			return nil
		})
		return errors.Join(err, w.Fail(ctx, tx, t, reason))
	}))
}

// receipts are those of an agent that has carried the order out.
func (w *world) receipts(o wire.Order) []transfer.Receipt {
	var all []transfer.Receipt
	add := func(size int64, to []wire.PlaceRef) {
		r := transfer.Receipt{Size: size, Digests: connectors.Digests{"xxh128": "00"}, Finished: w.now}
		for _, p := range to {
			r.Copies = append(r.Copies, transfer.Copy{Location: p.Location, Path: p.Path, Proof: transfer.ProofReadback})
		}
		all = append(all, r)
	}
	for _, f := range o.Files {
		add(f.Source.Size, f.Destinations)
	}
	for _, d := range o.Documents {
		add(int64(len(d.Content)), d.Destinations)
	}
	if o.Manifest != nil {
		add(1, []wire.PlaceRef{{Location: o.Manifest.Location, Path: o.Manifest.Root + "/ascmhl/1.mhl"}})
	}
	return all
}

func read[T any](w *world, fn func(ctx context.Context, r catalog.Reader) (T, error)) (v T) {
	w.t.Helper()
	w.must(w.Store.Read(w.t.Context(), func(ctx context.Context, r catalog.Reader) (err error) {
		v, err = fn(ctx, r)
		return err
	}))
	return v
}

// asset registers an asset whose original lies in hot, with some content.
func (w *world) asset(name string) (id string, source wire.FileRef) {
	w.t.Helper()
	return w.registered(name, w.file(name, "content of "+name))
}

func (w *world) file(name, content string) string {
	w.t.Helper()
	file := filepath.Join(w.dir, "hot", name)
	w.must(os.MkdirAll(filepath.Dir(file), 0o755))
	w.must(os.WriteFile(file, []byte(content), 0o644))
	return file
}

func (w *world) registered(name, file string) (id string, source wire.FileRef) {
	w.t.Helper()
	info, err := os.Stat(file)
	w.must(err)
	id = catalog.NewID(catalog.PrefixAsset, w.now)
	rendition := catalog.Rendition{ID: catalog.NewID(catalog.PrefixRendition, w.now), AssetID: id, Profile: "original", Path: name, Files: 1, Size: info.Size(), CreatedAt: w.now}
	w.must(w.Store.Write(w.t.Context(), func(ctx context.Context, tx catalog.Tx) error {
		_, _, err := tx.RegisterAsset(ctx, catalog.Asset{
			ID: id, Name: filepath.Base(name), Site: "venue", ArrivalID: id, SourcePath: name, Size: info.Size(), Digests: connectors.Digests{"xxh128": "00"},
			Status: catalog.AssetProcessing, ArrivedAt: w.now,
		})
		if err != nil {
			return err
		}
		if _, err := tx.PutRendition(ctx, rendition); err != nil {
			return err
		}
		return w.copyOf(ctx, tx, rendition, "hot", name, catalog.CopyHot)
	}))
	return id, wire.FileRef{Location: "hot", Path: name, Size: info.Size()}
}

func (w *world) copyOf(ctx context.Context, tx catalog.Tx, r catalog.Rendition, location, path, kind string) error {
	_, err := tx.PutCopy(ctx, catalog.Copy{
		ID: catalog.NewID(catalog.PrefixCopy, w.now), AssetID: r.AssetID, RenditionID: r.ID, Location: location, Path: path, Size: r.Size,
		Digests: connectors.Digests{"xxh128": "00"}, Proof: "readback", Kind: kind, VerifiedAt: w.now,
	})
	return err
}

// clip makes a short clip in hot.
func (w *world) clip(name string) (id string, source wire.FileRef) {
	w.t.Helper()
	file := w.file(name, "")
	out, err := exec.Command("ffmpeg", "-v", "error", "-y", "-f", "lavfi", "-i", "testsrc2=s=160x90:r=25:d=1", "-f", "lavfi", "-i", "sine=440:d=1",
		"-c:v", "libx264", "-preset", "ultrafast", "-c:a", "aac", "-f", "mp4", file).CombinedOutput()
	if err != nil {
		w.t.Fatalf("ffmpeg: %v %s: apt-get install ffmpeg", err, out)
	}
	return w.registered(name, file)
}

// wantFault asks for a fault of a type that says something.
func (w *world) wantFault(err error, kind, says string) {
	w.t.Helper()
	fault, ok := errors.AsType[*function.Fault](err)
	if !ok || fault.Type != kind || !strings.Contains(fault.Error(), says) {
		w.t.Errorf("got  %v\nwant a fault of type %s that says %s", err, kind, says)
	}
	if ok && (fault.Status < 300 || fault.Detail == "" && fault.Err == nil) {
		w.t.Errorf("%+v does not say what to do", fault)
	}
}

func (w *world) delivery(asset, partner string) catalog.Delivery {
	w.t.Helper()
	return read(w, func(ctx context.Context, r catalog.Reader) (catalog.Delivery, error) {
		return r.DeliveryTo(ctx, asset, partner)
	})
}

// rows counts what the catalogue holds.
func (w *world) rows() string {
	w.t.Helper()
	c := read(w, func(ctx context.Context, r catalog.Reader) (catalog.Counts, error) { return r.Count(ctx) })
	return fmt.Sprintf("transfers %v, deliveries %v", c.Transfers, c.Deliveries)
}
