package agent

import (
	"bytes"
	"context"
	"errors"
	"maps"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"filippo.io/age"

	"gantry/connectors"
	"gantry/connectors/seal"
	"gantry/transfer"
	"gantry/transfer/agent/wire"
	"gantry/transfer/manifest/mhl"
)

// delivery is an order of two files, a sidecar and a manifest to a partner's folder.
func (v *venue) delivery(t *testing.T) (wire.Order, string) {
	store, partner := t.TempDir(), t.TempDir()
	writeFile(t, filepath.Join(store, "a/clip.mxf"), noise(2<<20, 7))
	writeFile(t, filepath.Join(store, "a/clip.jpg"), noise(5000, 8))
	at := func(p string) []wire.PlaceRef { return []wire.PlaceRef{{Location: "partner", Path: p}} }
	return wire.Order{
		ID: "o1", Key: "run-1/deliver/0/1", Kind: "deliver",
		Files: []wire.OrderFile{
			{Source: wire.FileRef{Location: "store", Path: "a/clip.mxf", Size: 2 << 20}, Destinations: at("job 7/clip.mxf")},
			{Source: wire.FileRef{Location: "store", Path: "a/clip.jpg"}, Destinations: at("job 7/stills/clip.jpg")},
		},
		Documents: []wire.OrderDocument{{Destinations: at("job 7/clip.xml"), Content: "<clip/>"}},
		Manifest:  &wire.OrderManifest{Location: "partner", Root: "job 7"},
		Locations: map[string]connectors.Location{"store": folder(store), "partner": folder(partner)},
	}, partner
}

func TestAnOrderIsCarriedOutWithDocumentsAndManifest(t *testing.T) {
	t.Parallel()
	v := newVenue(t)
	order, partner := v.delivery(t)
	_, stop := v.start()
	o := v.hub.order(order)
	v.hub.eventually("the result", func() bool { return o.result != nil })
	if o.result.Failure != nil {
		t.Fatalf("failure %+v", o.result.Failure)
	}
	if n := len(o.result.Receipts); n != 5 {
		t.Fatalf("%d receipts, want two files, a document, a manifest and its chain", n)
	}
	first := files(t, partner)
	name := o.result.Receipts[3].Copies[0].Path
	if len(first) != 5 || first["job 7/clip.xml"] != "<clip/>" || first[name] == "" || first["job 7/ascmhl/ascmhl_chain.xml"] == "" {
		t.Fatalf("partner has %v", maps.Keys(first))
	}
	g, err := mhl.Parse(strings.NewReader(first[name]))
	if err != nil {
		t.Fatal(err)
	}
	if len(g.Files) != 3 {
		t.Errorf("the manifest lists %+v", g.Files)
	}
	xxhsumAgrees(t, filepath.Join(partner, "job 7"), g)

	t.Run("repeated by another process it changes nothing", func(t *testing.T) {
		stop()
		v.start()
		v.hub.with(func() { v.hub.expire = true })
		v.hub.leaseAgain(o)
		v.hub.eventually("the second result", func() bool { return o.result != nil })
		if second := files(t, partner); !maps.Equal(first, second) {
			t.Errorf("before %v, after %v", maps.Keys(first), maps.Keys(second))
		}
	})
	t.Run("another delivery to the same folder is the next generation", func(t *testing.T) {
		next := order
		next.ID, next.Key = "o2", "run-2/deliver/0/1"
		next.Files = next.Files[1:]
		second := v.hub.order(next)
		v.hub.eventually("its result", func() bool { return second.result != nil })
		links, err := mhl.ParseChain(strings.NewReader(files(t, partner)["job 7/ascmhl/ascmhl_chain.xml"]))
		if err != nil || len(links) != 2 {
			t.Errorf("chain %v, %v", links, err)
		}
	})
}

func xxhsumAgrees(t *testing.T, root string, g mhl.Generation) {
	t.Helper()
	tool, err := exec.LookPath("xxhsum")
	if err != nil {
		t.Fatal("xxhsum is not installed: apt-get install xxhash")
	}
	for _, f := range g.Files {
		out, err := exec.Command(tool, "-H128", filepath.Join(root, f.Path)).Output()
		if err != nil || !bytes.HasPrefix(out, []byte(f.Digests["xxh128"])) {
			t.Errorf("%s: manifest %s, xxhsum %s (%v)", f.Path, f.Digests["xxh128"], out, err)
		}
	}
}

func TestAnOrderThatCannotBeCarriedOutSaysWhy(t *testing.T) {
	t.Parallel()
	v := newVenue(t)
	v.start()
	cases := map[string]struct {
		change func(*wire.Order)
		kind   connectors.Kind
	}{
		"missing": {func(o *wire.Order) { o.Files[0].Source.Path = "none" }, connectors.KindNotFound},
		"size":    {func(o *wire.Order) { o.Files[0].Source.Size = 1 }, connectors.KindChanged},
		"digest": {func(o *wire.Order) {
			o.Files[0].Source.Digests = connectors.Digests{connectors.XXH128: strings.Repeat("0", 32)}
		}, connectors.KindIntegrity},
		"escape":   {func(o *wire.Order) { o.Files[0].Destinations[0].Path = "../x" }, connectors.KindInvalid},
		"location": {func(o *wire.Order) { o.Files[0].Source.Location = "moon" }, connectors.KindInvalid},
		"document": {func(o *wire.Order) { o.Documents[0].Destinations = nil }, connectors.KindInvalid},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			order, partner := v.delivery(t)
			order.ID, order.Key = name, name
			c.change(&order)
			o := v.hub.order(order)
			v.hub.eventually("the result", func() bool { return o.result != nil })
			if f := o.result.Failure; f == nil || f.Kind != string(c.kind) || f.Message == "" {
				t.Errorf("failure %+v, want %s", f, c.kind)
			}
			for path := range files(t, partner) {
				if strings.Contains(path, "ascmhl") {
					t.Errorf("a failed order left a manifest: %s", path)
				}
			}
		})
	}
}

func TestAnOrderOfAFailedTransferIsRetryableWhereThePlaceIs(t *testing.T) {
	t.Parallel()
	v := newVenue(t)
	v.options.Open = func(ctx context.Context, l connectors.Location) (connectors.Place, error) {
		if l.Name == "partner" {
			return nil, connectors.Errorf(connectors.KindUnavailable, "open", l.URL, "%w", errors.New("refused"))
		}
		return openLocal(ctx, l)
	}
	order, _ := v.delivery(t)
	v.start()
	o := v.hub.order(order)
	v.hub.eventually("the result", func() bool { return o.result != nil })
	if f := o.result.Failure; f == nil || !f.Retryable {
		t.Errorf("failure %+v", f)
	}
}

var _ mover = (*transfer.Engine)(nil)

func TestAPartnerGetsPackedWhatItWantsPacked(t *testing.T) {
	t.Parallel()
	id, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	v := newVenue(t)
	order, partner := v.delivery(t)
	l := order.Locations["partner"]
	l.Options = map[string]string{seal.OptionEncryptTo: id.Recipient().String(), seal.OptionCompress: seal.Zstd}
	order.Locations["partner"] = l
	order.Files[0].Destinations[0].Path += ".zst.age" // as the hub names it
	v.start()
	o := v.hub.order(order)
	v.hub.eventually("the result", func() bool { return o.result != nil })
	if o.result.Failure != nil {
		t.Fatalf("failure %+v", o.result.Failure)
	}
	keys, err := seal.ParseKeys([]byte(id.String()))
	if err != nil {
		t.Fatal(err)
	}
	opener, err := keys.Opener("clip.zst.age")
	if err != nil {
		t.Fatal(err)
	}
	var opened bytes.Buffer
	if err := opener.Apply(&opened, strings.NewReader(files(t, partner)["job 7/clip.mxf.zst.age"])); err != nil || !bytes.Equal(opened.Bytes(), noise(2<<20, 7)) {
		t.Errorf("what the partner has opens to %d bytes, %v", opened.Len(), err)
	}
	if p := o.result.Receipts[0].Packed; p == nil || p.Original.Size != 2<<20 {
		t.Errorf("the receipt says of the original %+v", p)
	}
}

// A document may name digests that the hub did not know when it wrote it.
func TestADocumentGetsTheDigestsOfWhatWasDelivered(t *testing.T) {
	v := newVenue(t)
	order, partner := v.delivery(t)
	order.Documents[0].Content = "<clip sum='" + wire.PendingDigest(0) + "'/>"
	v.start()
	o := v.hub.order(order)
	v.hub.eventually("the result", func() bool { return o.result != nil })
	if o.result.Failure != nil {
		t.Fatalf("failure %+v", o.result.Failure)
	}
	sum := o.result.Receipts[0].Digests[connectors.XXH128]
	if got := files(t, partner)["job 7/clip.xml"]; sum == "" || got != "<clip sum='"+sum+"'/>" {
		t.Errorf("the document is %q, the file's xxh128 %q", got, sum)
	}
}
