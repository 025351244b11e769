package agent

import (
	"bytes"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"gantry/connectors"
	"gantry/transfer/agent/wire"
	"gantry/transfer/custody"
	"gantry/transfer/manifest/mhl"
)

// card is a folder of two clips with a history of two generations, in md5 and then in sha1, and an order that takes both of them to a partner.
func (v *venue) card(t *testing.T) (o wire.Order, card, partner string) {
	card, partner = t.TempDir(), t.TempDir()
	writeFile(t, filepath.Join(card, "A001/Clips/a.mov"), noise(300_000, 1))
	writeFile(t, filepath.Join(card, "A001/Clips/b.mov"), noise(200_000, 2))
	place := opened(t, card)
	at := time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
	for _, format := range []string{"md5", "sha1"} {
		at = at.Add(time.Hour)
		_, err := custody.Create(t.Context(), place, "A001", custody.CreateOptions{
			Maker: custody.Maker{Host: "camera", Tool: "cam", Version: "1"}, Formats: []string{format}, Now: func() time.Time { return at },
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	o = wire.Order{
		ID: "h1", Key: "run-1/archive/0/1", Kind: "archive",
		Manifest:  &wire.OrderManifest{Location: "partner", Root: "in/A001", Created: time.Date(2026, 5, 2, 0, 0, 0, 0, time.UTC)},
		Locations: map[string]connectors.Location{"card": folder(card), "partner": folder(partner)},
	}
	for _, name := range []string{"Clips/a.mov", "Clips/b.mov"} {
		o.Files = append(o.Files, wire.OrderFile{
			Source:       wire.FileRef{Location: "card", Path: "A001/" + name},
			Destinations: []wire.PlaceRef{{Location: "partner", Path: "in/A001/" + name}},
		})
	}
	return o, card, partner
}

func opened(t *testing.T, dir string) connectors.Place {
	t.Helper()
	place, err := openLocal(t.Context(), folder(dir))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = place.Close() })
	return place
}

// carried holds a delivered folder against its history, and gives the processes of its generations and the newest of them.
func carried(t *testing.T, dir, root string) (processes string, last mhl.Generation) {
	t.Helper()
	place := opened(t, dir)
	r, err := custody.Verify(t.Context(), place, root, custody.VerifyOptions{})
	if err != nil || len(r.Findings) > 0 || len(r.Notes) > 0 {
		t.Errorf("verify at the partner: %+v, %v", r, err)
	}
	h, err := custody.Read(t.Context(), place, root, nil)
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, g := range h.Generations {
		all = append(all, g.Process)
	}
	newest := h.Links[len(h.Links)-1]
	manifest, err := custody.Manifest(t.Context(), place, root, newest)
	if err != nil {
		t.Fatal(err)
	}
	last, err = mhl.Parse(bytes.NewReader(manifest))
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(all, " "), last
}

func (v *venue) carryOut(o wire.Order) *fakeOrder {
	v.t.Helper()
	placed := v.hub.order(o)
	v.hub.eventually("the result", func() bool { return placed.result != nil })
	return placed
}

func TestAHistoryGoesAlongWithItsFiles(t *testing.T) {
	t.Parallel()
	v := newVenue(t)
	o, card, partner := v.card(t)
	_, stop := v.start()
	placed := v.carryOut(o)
	if placed.result.Failure != nil {
		t.Fatalf("%+v", placed.result.Failure)
	}
	processes, last := carried(t, partner, "in/A001")
	if processes != "in-place in-place transfer" {
		t.Errorf("generations: %s", processes)
	}
	for _, f := range last.Files {
		if f.Digests["md5"] == "" || f.Digests["xxh128"] == "" || f.Action != mhl.Verified || len(f.Marks) > 0 {
			t.Errorf("recorded as %+v", f)
		}
	}
	first := files(t, partner)
	for p, content := range files(t, card) {
		if !strings.HasSuffix(p, mhl.ChainFile) && first["in/"+p] != content {
			t.Errorf("%s did not come along as it is", p)
		}
	}

	t.Run("repeated by another agent it changes nothing", func(t *testing.T) {
		stop()
		v.options.Dir = filepath.Join(t.TempDir(), "other")
		if err := os.Mkdir(v.options.Dir, 0o755); err != nil {
			t.Fatal(err)
		}
		_, stop := v.start()
		v.hub.with(func() { v.hub.expire = true })
		v.hub.leaseAgain(placed)
		v.hub.eventually("the second result", func() bool { return placed.result != nil })
		stop()
		if again := files(t, partner); !maps.Equal(first, again) {
			t.Errorf("before %v, after %v", slices.Sorted(maps.Keys(first)), slices.Sorted(maps.Keys(again)))
		}
	})
}

// Of a few files of a card, the partner gets what is known of those: a history that names others would be wrong there.
func TestAPartOfACardTakesItsPartOfTheHistory(t *testing.T) {
	t.Parallel()
	v := newVenue(t)
	o, _, partner := v.card(t)
	o.Files = o.Files[1:]
	o.Files[0].Destinations[0].Path = "in/A001/final.mov"
	v.start()
	placed := v.carryOut(o)
	if placed.result.Failure != nil {
		t.Fatalf("%+v", placed.result.Failure)
	}
	processes, last := carried(t, partner, "in/A001")
	if processes != "flatten transfer" || len(last.Files) != 1 || last.Files[0].Action != mhl.Verified {
		t.Errorf("generations: %s, the last %+v", processes, last.Files)
	}
	first := files(t, partner)
	v.hub.with(func() { v.hub.expire = true })
	v.hub.leaseAgain(placed)
	v.hub.eventually("the second result", func() bool { return placed.result != nil })
	if again := files(t, partner); !maps.Equal(first, again) {
		t.Errorf("before %v, after %v", slices.Sorted(maps.Keys(first)), slices.Sorted(maps.Keys(again)))
	}
}

func TestWhatItsHistoryDeniesIsNotSent(t *testing.T) {
	t.Parallel()
	v := newVenue(t)
	v.start()
	cases := map[string]func(o *wire.Order, card, partner string){
		"altered": func(_ *wire.Order, card, _ string) {
			writeFile(t, filepath.Join(card, "A001/Clips/b.mov"), noise(200_000, 3))
		},
		"altered, and the order says so": func(o *wire.Order, card, _ string) {
			writeFile(t, filepath.Join(card, "A001/Clips/b.mov"), []byte("x"))
			o.Files[1].Source.Digests = connectors.Digests{connectors.MD5: "9dd4e461268c8034f5c8564e155c67a6"}
		},
		"manifest altered": func(_ *wire.Order, card, _ string) {
			found, _ := filepath.Glob(filepath.Join(card, "A001/ascmhl/0001*"))
			writeFile(t, found[0], []byte("<hashlist/>"))
		},
		"delivered before with other bytes": func(_ *wire.Order, card, partner string) {
			writeFile(t, filepath.Join(partner, "in/A001/Clips/a.mov"), []byte("other"))
			_, err := custody.Create(t.Context(), opened(t, partner), "in/A001", custody.CreateOptions{Maker: custody.Maker{Tool: "t"}, Now: time.Now})
			if err != nil {
				t.Fatal(err)
			}
		},
	}
	for name, spoil := range cases {
		t.Run(name, func(t *testing.T) {
			o, card, partner := v.card(t)
			o.ID, o.Key = name, name
			spoil(&o, card, partner)
			before := files(t, partner)
			placed := v.carryOut(o)
			if f := placed.result.Failure; f == nil || f.Kind != string(connectors.KindIntegrity) {
				t.Errorf("failure %+v", f)
			}
			after := files(t, partner)
			for p, content := range before {
				if after[p] != content {
					t.Errorf("%s was replaced", p)
				}
			}
			if _, there := after["in/A001/Clips/b.mov"]; there && name != "delivered before with other bytes" {
				t.Error("the file that its history denies is at the partner")
			}
		})
	}
}
