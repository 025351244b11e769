package test

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/zeebo/xxh3"

	"gantry/orchestrator/api"
	"gantry/orchestrator/catalog"
	"gantry/transfer"
)

// ended are the states in which nothing more happens to an asset by itself.
var ended = map[string]bool{catalog.AssetPublished: true, catalog.AssetQuarantined: true, catalog.AssetFailed: true, catalog.AssetReady: true}

// assets lists all assets, page by page.
func (s *stand) assets() ([]catalog.Asset, error) {
	var all []catalog.Asset
	for after := ""; ; {
		page, err := get[api.Page[catalog.Asset]](s, "/assets?limit=1000&after="+after)
		if err != nil {
			return nil, err
		}
		all = append(all, page.Items...)
		if after = page.Next; after == "" {
			return all, nil
		}
	}
}

// asset waits until the one asset of a name satisfies check, and gives it with all
// that is known of it.
func (s *stand) asset(name, what string, check func(api.AssetView) error) (v api.AssetView) {
	s.t.Helper()
	s.eventually(name+" "+what, func() error {
		all, err := s.assets()
		if err != nil {
			return err
		}
		err = fmt.Errorf("there is no asset %q among %d", name, len(all))
		for _, a := range all {
			if a.Name != name {
				continue
			}
			if v, err = get[api.AssetView](s, "/assets/"+a.ID); err != nil {
				return err
			}
			err = check(v)
		}
		return err
	})
	return v
}

// published waits until the asset of a name is at both partners and in the archive.
func (s *stand) published(name string) api.AssetView {
	s.t.Helper()
	return s.asset(name, "published", func(v api.AssetView) error {
		if ended[v.Asset.Status] && v.Asset.Status != catalog.AssetPublished {
			s.t.Fatalf("%s is %s: %s", name, v.Asset.Status, v.Asset.Reason)
		}
		if v.Asset.Status != catalog.AssetPublished {
			return fmt.Errorf("it is %s: %s", v.Asset.Status, situation(v))
		}
		return nil
	})
}

// situation says in a line how an asset's transfers stand.
func situation(v api.AssetView) string {
	var said []string
	for _, t := range v.Transfers {
		said = append(said, strings.TrimSpace(t.Kind+" "+t.Status+" "+t.Error))
	}
	return strings.Join(said, "; ")
}

// delivery gives an asset's delivery to a partner.
func delivery(v api.AssetView, partner string) catalog.Delivery {
	for _, d := range v.Deliveries {
		if d.Partner == partner {
			return d
		}
	}
	return catalog.Delivery{}
}

// waiting gives the error that the delivery to a partner waits with.
func waiting(v api.AssetView, partner string) string {
	d := delivery(v, partner)
	for _, t := range v.Transfers {
		if t.ID == d.TransferID && !t.Ended() {
			return t.Error
		}
	}
	return ""
}

// says is nil if the delivery to a partner waits with an error that holds all of
// the words.
func says(v api.AssetView, partner string, words ...string) error {
	text := waiting(v, partner)
	for _, word := range words {
		if !strings.Contains(text, word) {
			return fmt.Errorf("the delivery to %s waits with %q, which does not say %q", partner, text, word)
		}
	}
	return nil
}

// othersServed is nil if every partner but one has its delivery and the archive its
// copy.
func othersServed(v api.AssetView, except string) error {
	for _, partner := range []string{"nordic-sport", "stream-one"} {
		if d := delivery(v, partner); partner != except && d.Status != catalog.DeliveryDelivered {
			return fmt.Errorf("the delivery to %s is %q", partner, d.Status)
		}
	}
	for _, c := range v.Copies {
		if c.Kind == catalog.CopyArchive {
			return nil
		}
	}
	return errors.New("the archive has no copy")
}

func receiptsOf(t *testing.T, tr catalog.Transfer) []transfer.Receipt {
	t.Helper()
	var receipts []transfer.Receipt
	if err := json.Unmarshal(tr.Receipts, &receipts); err != nil {
		t.Fatalf("receipts of %s %s: %v", tr.Kind, tr.ID, err)
	}
	return receipts
}

// A witness looks into folders all the time, and reads each file when its name
// turns up. In the end each must still be what it was when it was first seen:
// names appear with whole files only.
type witness struct {
	roots []string
	stop  chan struct{}
	group sync.WaitGroup
	seen  map[string]sight // by path
}

type sight struct {
	size   int64
	digest string
}

// watchNames starts a witness, which gives evidence when the test ends. Hidden
// names are where uploads grow, and are passed over.
func watchNames(t *testing.T, roots ...string) {
	w := &witness{roots: roots, stop: make(chan struct{}), seen: map[string]sight{}}
	w.group.Go(func() {
		for {
			for _, root := range w.roots {
				w.look(root)
			}
			select {
			case <-w.stop:
				return
			case <-time.After(5 * time.Millisecond):
			}
		}
	})
	t.Cleanup(func() {
		close(w.stop)
		w.group.Wait()
		w.testify(t)
	})
}

func (w *witness) look(root string) {
	// What goes away while it is looked at is no news.
	_ = filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return nil
		case path != root && strings.HasPrefix(e.Name(), ".") && e.IsDir():
			return fs.SkipDir
		case !e.Type().IsRegular() || strings.HasPrefix(e.Name(), "."):
			return nil
		}
		if _, known := w.seen[path]; known {
			return nil
		}
		if data, err := os.ReadFile(path); err == nil {
			w.seen[path] = sighted(data)
		}
		return nil
	})
}

func sighted(data []byte) sight {
	sum := xxh3.Hash128(data).Bytes()
	return sight{int64(len(data)), hex.EncodeToString(sum[:])}
}

func (w *witness) testify(t *testing.T) {
	if len(w.seen) == 0 {
		t.Errorf("nothing was ever seen in %q", w.roots)
	}
	for path, first := range w.seen {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Errorf("%s was visible, and is not any more: %v", path, err)
			continue
		}
		if now := sighted(data); now != first {
			t.Errorf("%s was visible with %d bytes, and has %d now: it was not whole (%s, %s)", path, first.size, now.size, first.digest, now.digest)
		}
	}
}

// same tells whether two files have the same bytes.
func same(t *testing.T, a, b string) bool {
	t.Helper()
	x, err := os.ReadFile(a)
	if err != nil {
		t.Fatal(err)
	}
	y, err := os.ReadFile(b)
	if err != nil {
		t.Fatal(err)
	}
	return bytes.Equal(x, y)
}
