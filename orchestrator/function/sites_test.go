package function_test

import (
	"context"
	"encoding/json"
	"testing"

	"gantry/connectors"
	"gantry/orchestrator/catalog"
	"gantry/orchestrator/function"
	"gantry/transfer/agent/wire"
	"gantry/transfer/digest"
)

// elsewhere is a second site with folders of its own.
const elsewhere = `
apiVersion: gantry/v1
kind: Site
metadata: { name: centre }
spec: {}
---
apiVersion: gantry/v1
kind: Location
metadata: { name: far }
spec: { site: centre, url: "file://${DATA}/hot" }
`

// The same file:// URL is another folder on the machines of another site.
func TestFoldersOfAnotherSiteAreNotWritten(t *testing.T) {
	w := newWorld(t, elsewhere)
	asset, source := w.asset("clip.mxf")
	const says = `the location "far" is a folder of the site centre, which the agents of venue cannot reach`
	_, err := w.call("transfer", asset, "k1", function.TransferInput{Source: source, To: wire.PlaceRef{Location: "far", Path: "x"}})
	w.wantFault(err, "configuration", says)
	_, err = w.call("archive", asset, "k2", function.ArchiveInput{Source: source, Location: "far"})
	w.wantFault(err, "configuration", says)
	source.Location = "far"
	_, err = w.call("quarantine", asset, "k3", function.QuarantineInput{Source: source, Reason: "r"})
	w.wantFault(err, "configuration", "no location that is reached from here has the role quarantine")
	if got, want := w.rows(), "transfers map[], deliveries map[]"; got != want {
		t.Errorf("there are %s; want %s", got, want)
	}
}

func TestTheHubReadsAndWritesFoldersOfItsOwnSite(t *testing.T) {
	w := newWorld(t, elsewhere)
	_, source := w.asset("clip.mxf")
	none := func(function.Progress) {}
	w.Files.Site = "venue"
	if _, _, err := w.Files.Local(t.Context(), "k", source, none); err != nil {
		t.Errorf("of its own site: %v", err)
	}
	dir, err := w.Files.Folder("k")
	w.must(err)
	_, err = w.Files.Keep(t.Context(), "k", dir, []function.Item{{From: "x", To: "x"}}, w.Resources.Current().Locations["far"], none)
	w.wantFault(err, "configuration", "which the hub at venue cannot reach")
	w.Files.Site = "centre"
	_, _, err = w.Files.Local(t.Context(), "k", source, none)
	w.wantFault(err, "configuration", "which the hub at centre cannot reach")
}

func TestAReplacedFileOfTheSameSizeIsFound(t *testing.T) {
	w := newWorld(t)
	_, source := w.registered("clip.mxf", w.file("clip.mxf", "the first version"))
	for _, algorithms := range [][]connectors.Algorithm{{connectors.XXH128}, {connectors.MD5, connectors.XXH128}, {connectors.SHA256}} {
		var err error
		source.Digests, err = digest.Of([]byte("the first version"), algorithms...)
		w.must(err)
		w.file("clip.mxf", "the first version")
		told := function.Progress{}
		if _, _, err := w.Files.Local(t.Context(), "k", source, func(p function.Progress) { told = p }); err != nil || told.Done != 17 || told.Total != 17 {
			t.Errorf("the file that is meant: %v, after %+v", err, told)
		}
		w.file("clip.mxf", "another version !")
		if _, _, err := w.Files.Local(t.Context(), "k", source, func(function.Progress) {}); connectors.KindOf(err) != connectors.KindChanged {
			t.Errorf("compared by %v: %v", algorithms, err)
		}
	}
}

// Rules speak of what the route says of its assets, and of where they lay.
func TestRulesSeeLabelsAndFolders(t *testing.T) {
	const policy = `
apiVersion: gantry/v1
kind: TieringPolicy
metadata: { name: house }
spec:
  rules:
    - { name: final, when: '"event" in labels && labels.event == "final"', tier: hot, reason: "a final" }
    - { name: folder, when: 'asset.name.startsWith("keep/")', tier: cold, reason: "from the folder keep" }
  default: { tier: deep, reason: "neither" }
`
	w := newWorld(t)
	if _, err := w.Resources.Apply(t.Context(), "policy", []byte(policy), false); err != nil {
		t.Fatal(err)
	}
	labelled, _ := w.asset("a.mxf")
	w.must(w.Store.Write(t.Context(), func(ctx context.Context, tx catalog.Tx) error {
		_, err := tx.UpdateAsset(ctx, labelled, func(a *catalog.Asset) error {
			a.Labels = map[string]string{"event": "final"}
			return nil
		})
		return err
	}))
	_, err := w.call("tier", labelled, "k1", map[string]any{})
	w.wantFault(err, "configuration", `no location is of tier "hot"`) // hot keeps renditions
	kept, _ := w.asset("keep/b.mxf")
	data, err := w.call("tier", kept, "k2", map[string]any{})
	w.must(err)
	var out function.TierOutput
	w.must(json.Unmarshal(data, &out))
	if out.Reason != "from the folder keep" || out.Location != "cold" {
		t.Errorf("got %+v", out)
	}
}

// Of two archives in folders, the one at the asset's site is chosen.
func TestTheTierIsReachedFromTheAssetsSite(t *testing.T) {
	w := newWorld(t, elsewhere, `apiVersion: gantry/v1
kind: Location
metadata: { name: archive }
spec: { site: centre, url: "file://${DATA}/archive", tier: cold }
---
apiVersion: gantry/v1
kind: Location
metadata: { name: card }
spec: { site: venue, url: "file://${DATA}/card" }
---
apiVersion: gantry/v1
kind: Location
metadata: { name: central-hot }
spec: { site: centre, url: "file://${DATA}/central" }
---
apiVersion: gantry/v1
kind: Route
metadata: { name: in }
spec: { site: venue, from: card, to: hot }
---
apiVersion: gantry/v1
kind: Route
metadata: { name: central }
spec: { site: centre, from: far, to: central-hot }
`)
	for route, want := range map[string]string{"in": "cold", "central": "archive", "gone": "archive"} {
		asset, _ := w.asset(route + ".mxf")
		w.must(w.Store.Write(t.Context(), func(ctx context.Context, tx catalog.Tx) error {
			_, err := tx.UpdateAsset(ctx, asset, func(a *catalog.Asset) error {
				a.Route = route
				return nil
			})
			return err
		}))
		var out function.TierOutput
		w.done("tier", asset, route, map[string]any{}, &out)
		if out.Location != want {
			t.Errorf("what came by %s goes to %s; want %s", route, out.Location, want)
		}
	}
}
