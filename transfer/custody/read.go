package custody

import (
	"bytes"
	"context"
	"crypto/sha512"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"gantry/connectors"
	"gantry/transfer/digest"
	"gantry/transfer/manifest/mhl"
)

// What is read of a hostile history at most.
const (
	mostChain    = 64 << 20
	mostManifest = 1 << 30
)

// manifestsAtOnce are read ahead. Each is held in memory until its turn.
const manifestsAtOnce = 4

// History is the history of one folder, and those nested below it.
type History struct {
	mhl.History
	Home   string // its root below the one that was asked for; "." for that
	Links  []mhl.Link
	Loose  []string // manifests that the chain does not pin, by name: a crash left them, or somebody put them there
	Nested []*History

	chain []byte
}

// Read reads the history at root and those nested below it. root is "" for the whole place. trace says of which files, by their paths in
// the history that holds them, everything is kept; nil of none.
//
// A root without a history is *Broken with NoHistory.
func Read(ctx context.Context, place connectors.Place, root string, trace func(path string) bool) (*History, error) {
	s, err := look(ctx, place, root)
	if err != nil {
		return nil, err
	}
	h, err := s.read(ctx, place, root, trace)
	if err == nil {
		err = h.begun(root)
	}
	if err != nil {
		return nil, err
	}
	return h, nil
}

// begun refuses a history that has no generation, and one nested below it that has none.
func (h *History) begun(root string) error {
	for _, each := range h.All() {
		if len(each.Loose) > 0 && len(each.Links) == 0 {
			return &Broken{NoChain, path.Join(root, each.abs(mhl.Folder), mhl.ChainFile), nil}
		}
	}
	if len(h.Links) == 0 {
		return &Broken{NoHistory, root, nil}
	}
	return nil
}

// read reads all histories of a survey. The outermost has no generation if there is none.
func (s *survey) read(ctx context.Context, place connectors.Source, root string, trace func(string) bool) (*History, error) {
	top := &History{Home: "."}
	all := []*History{top}
	for _, home := range s.homes() {
		h, err := readOne(ctx, place, root, home, trace)
		if err != nil {
			return nil, err
		}
		if h == nil {
			if h = s.unborn(home); h == nil {
				return nil, &Broken{NoChain, path.Join(root, home, mhl.Folder, mhl.ChainFile), nil}
			}
		}
		h.Loose = loose(s.ledgers[home], h.Links)
		if home == "." {
			*top = *h
			continue
		}
		for _, outer := range slices.Backward(all) {
			if outer.holds(home) {
				outer.Nested = append(outer.Nested, h)
				break
			}
		}
		all = append(all, h)
	}
	for _, h := range all {
		if err := h.checkReferences(root); err != nil {
			return nil, err
		}
	}
	return top, nil
}

// unborn is a history whose first manifest was written, and whose chain was not; nil if there is another reason for its lack of a chain.
func (s *survey) unborn(home string) *History {
	ledger := s.ledgers[home]
	if len(ledger) != 1 || !strings.HasPrefix(path.Base(ledger[0].Path), "0001_") {
		return nil
	}
	return &History{Home: home}
}

// readOne reads one history; nil if there is no chain.
func readOne(ctx context.Context, place connectors.Source, root, home string, trace func(string) bool) (*History, error) {
	folder := path.Join(root, home, mhl.Folder)
	chain, err := readSmall(ctx, place, path.Join(folder, mhl.ChainFile), mostChain)
	if err != nil || chain == nil {
		return nil, err
	}
	h := &History{Home: home, chain: chain}
	if h.Links, err = mhl.ParseChain(bytes.NewReader(chain)); err != nil {
		return nil, &Broken{Unreadable, path.Join(folder, mhl.ChainFile), err}
	}
	return h, h.readAll(ctx, place, folder, trace)
}

// readAll reads the manifests of all links.
func (h *History) readAll(ctx context.Context, place connectors.Source, folder string, trace func(string) bool) error {
	for batch := range slices.Chunk(h.Links, manifestsAtOnce) {
		generations := make([]mhl.Generation, len(batch))
		reads, ctx := errgroup.WithContext(ctx)
		for i, l := range batch {
			reads.Go(func() (err error) {
				generations[i], err = readPinned(ctx, place, folder, l)
				return err
			})
		}
		if err := reads.Wait(); err != nil {
			return err
		}
		for i, g := range generations {
			h.Add(g, batch[i], trace)
		}
	}
	return nil
}

// readPinned reads a manifest, which must be the one that the link pins.
func readPinned(ctx context.Context, place connectors.Source, folder string, l mhl.Link) (mhl.Generation, error) {
	file := path.Join(folder, l.Name)
	r, err := place.Open(ctx, file, 0, -1)
	if connectors.KindOf(err) == connectors.KindNotFound {
		return mhl.Generation{}, &Broken{NoManifest, file, nil}
	}
	if err != nil {
		return mhl.Generation{}, err
	}
	defer r.Close()
	sum := sha512.New()
	all := io.TeeReader(io.LimitReader(r, mostManifest+1), sum)
	counted := &counter{r: all}
	g, broken := mhl.Parse(counted)
	if _, err := io.Copy(io.Discard, counted); err != nil {
		return g, err
	}
	if counted.n > mostManifest {
		return g, &Broken{Unreadable, file, fmt.Errorf("it has more than %d bytes", mostManifest)}
	}
	if counted.err != nil {
		return g, counted.err
	}
	if id := digest.EncodeC4(sum.Sum(nil)); id != l.C4 {
		return g, &Broken{Altered, file, fmt.Errorf("its C4 is %s, the chain pins %s", id, l.C4)}
	}
	if broken != nil {
		return g, &Broken{Unreadable, file, broken}
	}
	return g, nil
}

// readSmall gives nil for a file that is not there.
func readSmall(ctx context.Context, place connectors.Source, file string, most int64) ([]byte, error) {
	r, err := place.Open(ctx, file, 0, -1)
	if connectors.KindOf(err) == connectors.KindNotFound {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	data, err := io.ReadAll(io.LimitReader(r, most+1))
	if err = errors.Join(err, r.Close()); err == nil && int64(len(data)) > most {
		err = &Broken{Unreadable, file, fmt.Errorf("it has more than %d bytes", most)}
	}
	return data, err
}

// loose lists the manifests that no link pins.
func loose(ledger []connectors.Entry, links []mhl.Link) []string {
	var names []string
	for _, e := range ledger {
		name := path.Base(e.Path)
		pinned := slices.ContainsFunc(links, func(l mhl.Link) bool { return l.Name == name })
		if !pinned && strings.HasSuffix(name, mhl.Extension) && !strings.HasPrefix(name, "._") {
			names = append(names, name)
		}
	}
	return names
}

// checkReferences holds what the generations say of nested histories against those.
func (h *History) checkReferences(root string) error {
	for _, g := range h.Generations {
		for _, r := range g.References {
			i := slices.IndexFunc(h.Nested, func(n *History) bool { return h.rel(n.Home) == r.Folder() })
			if i < 0 {
				continue // renamed or gone; its folder's record tells
			}
			pinned := h.Nested[i].Links
			j := slices.IndexFunc(pinned, func(l mhl.Link) bool { return l.Name == path.Base(r.Path) })
			switch {
			case j < 0:
				return &Broken{NoManifest, path.Join(root, h.Home, r.Path), fmt.Errorf("generation %d of %q refers to it", g.Number, path.Join(root, h.Home))}
			case pinned[j].C4 != r.C4:
				return &Broken{Altered, path.Join(root, h.Home, r.Path), fmt.Errorf("generation %d of %q refers to one with the C4 %s", g.Number, path.Join(root, h.Home), r.C4)}
			}
		}
	}
	return nil
}

// All lists the history and those nested below it, outer ones first.
func (h *History) All() []*History {
	all := []*History{h}
	for _, n := range h.Nested {
		all = append(all, n.All()...)
	}
	return all
}

// Owner finds the history that a file or folder belongs to, and its path there. A nested history's root belongs to the outer one.
func (h *History) Owner(p string) (*History, string) {
	for _, n := range h.Nested {
		if n.holds(p) {
			return n.Owner(p)
		}
	}
	return h, h.rel(p)
}

// holds tells whether a path lies below the history's root.
func (h *History) holds(p string) bool { return h.Home == "." || strings.HasPrefix(p, h.Home+"/") }

// rel gives a path as the history has it.
func (h *History) rel(p string) string {
	if h.Home == "." {
		return p
	}
	return strings.TrimPrefix(p, h.Home+"/")
}

// abs gives a path of the history as seen from the outermost one.
func (h *History) abs(p string) string { return path.Join(h.Home, p) }

// counter counts, and keeps an error of its reader apart from those of who reads from it.
type counter struct {
	r   io.Reader
	n   int64
	err error
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	if err != nil && !errors.Is(err, io.EOF) {
		c.err = err
	}
	return n, err
}
