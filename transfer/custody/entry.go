package custody

import (
	"bytes"
	"context"
	"fmt"
	"path"
	"strings"

	"gantry/connectors"
	"gantry/transfer/manifest/mhl"
)

// An entry is the next generation of a history on its way into its folder.
type entry struct {
	place  connectors.Place
	folder string // ascmhl
	chain  []byte // nil if there was none
	links  int
}

func newEntry(place connectors.Place, root string, h *History) *entry {
	return &entry{place: place, folder: path.Join(root, mhl.Folder), chain: h.chain, links: len(h.Links)}
}

func (e *entry) number() int { return e.links + 1 }

// next finds the manifest that has the next number.
func (e *entry) next(names []string) string {
	for _, name := range names {
		if strings.HasPrefix(name, fmt.Sprintf("%04d_", e.number())) {
			return name
		}
	}
	return ""
}

// write puts the manifest in its place, and then the chain. Where another writer has the same generation, this one gives way.
func (e *entry) write(ctx context.Context, name string, manifest []byte) error {
	chain, err := mhl.Chain(e.chain, name, manifest)
	if err != nil {
		return err
	}
	file := path.Join(e.folder, name)
	err = put(ctx, e.place, file, manifest, true)
	if connectors.KindOf(err) == connectors.KindExists {
		return busy(e.folder, fmt.Sprintf("%q is there already", name))
	}
	if err != nil {
		return err
	}
	if err := e.alone(ctx, name); err != nil {
		if gone := e.place.Remove(ctx, file); gone != nil {
			return fmt.Errorf("%w; %q stays behind: %w", err, name, gone)
		}
		return err
	}
	return put(ctx, e.place, path.Join(e.folder, mhl.ChainFile), chain, false)
}

// alone tells whether nobody else has begun or ended this generation since the history was read. Two writers that begin at once both see each
// other, and both give way; one that has seen nobody is seen by whoever comes later.
func (e *entry) alone(ctx context.Context, own string) error {
	now, err := readSmall(ctx, e.place, path.Join(e.folder, mhl.ChainFile), mostChain)
	if err != nil {
		return err
	}
	if !bytes.Equal(now, e.chain) {
		return busy(e.folder, "the chain has changed")
	}
	for there, err := range e.place.List(ctx, e.folder) {
		if connectors.KindOf(err) == connectors.KindUnsupported {
			return nil // then the chain alone has to tell
		}
		if err != nil {
			return err
		}
		if name := path.Base(there.Path); name != own && path.Dir(there.Path) == e.folder && e.next([]string{name}) != "" {
			return busy(e.folder, fmt.Sprintf("%q is there, too", name))
		}
	}
	return nil
}

func busy(folder, why string) error {
	return &connectors.Error{
		Kind: connectors.KindBusy, Op: "add generation", Path: folder, Err: fmt.Errorf("another one is being added: %s", why),
		Remedy: "run it again when that is done",
	}
}
