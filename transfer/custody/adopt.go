package custody

import (
	"bytes"
	"context"
	"fmt"
	"path"
	"time"

	"gantry/connectors"
	"gantry/transfer/manifest/mhl"
)

// writerGone is how old a manifest without a link has to be, where nothing can be locked, to be taken for one whose writer has died.
const writerGone = 10 * time.Minute

// hasLoose tells whether a crash may have left a generation without its link.
func (c *scan) hasLoose() bool {
	for _, h := range c.top.All() {
		if (&entry{links: len(h.Links)}).next(h.Loose) != "" {
			return true
		}
	}
	return false
}

// adopt links the manifests that crashes have left.
func (c *scan) adopt(ctx context.Context, place connectors.Place, now time.Time) error {
	for _, h := range c.top.All() {
		e := newEntry(place, below(c.root, h.Home), h)
		name := e.next(h.Loose)
		if name == "" {
			continue
		}
		if err := e.adopt(ctx, name, now); err != nil {
			return err
		}
	}
	return nil
}

// adopt links a manifest that is whole and not in the chain.
func (e *entry) adopt(ctx context.Context, name string, now time.Time) error {
	file := path.Join(e.folder, name)
	if _, locked := onDisk(e.place, e.folder); !locked {
		there, err := e.place.Stat(ctx, file)
		if connectors.KindOf(err) == connectors.KindNotFound {
			return busy(e.folder, fmt.Sprintf("the writer of %q has given way", name))
		}
		if err != nil {
			return err
		}
		if age := now.Sub(there.ModTime); age < writerGone {
			return busy(e.folder, fmt.Sprintf("%q was written %s ago and is not in the chain yet", name, age.Round(time.Second)))
		}
	}
	manifest, err := readSmall(ctx, e.place, file, mostManifest)
	if err != nil {
		return err
	}
	if err := sound(manifest); err != nil {
		return &connectors.Error{
			Kind: connectors.KindInvalid, Op: "adopt manifest", Path: file, Err: err, Remedy: "it is not in the chain: move it out of the folder",
		}
	}
	chain, err := mhl.Chain(e.chain, name, manifest)
	if err != nil {
		return err
	}
	return put(ctx, e.place, path.Join(e.folder, mhl.ChainFile), chain, false)
}

// sound refuses a manifest that cannot be a generation.
func sound(manifest []byte) error {
	g, err := mhl.Parse(bytes.NewReader(manifest))
	if err != nil {
		return err
	}
	wrong, err := mhl.Check(g)
	if err == nil && len(wrong) > 0 {
		err = fmt.Errorf("%v", wrong[0])
	}
	return err
}
