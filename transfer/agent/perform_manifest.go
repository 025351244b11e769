package agent

import (
	"context"
	"path"

	"gantry/connectors"
	"gantry/transfer"
	"gantry/transfer/agent/wire"
	"gantry/transfer/custody"
	"gantry/transfer/manifest/mhl"
)

// manifest adds the generation of an order to the history at its root. Where there is none, the history that the files have where they come from is
// carried on; without one, it begins here. An order that is repeated finds its generation, and changes nothing.
func (d *deed) manifest(ctx context.Context, receipts []transfer.Receipt) ([]transfer.Receipt, error) {
	m := d.order.Manifest
	if m.Root != "" {
		if _, err := connectors.CleanPath(m.Root); err != nil {
			return nil, err
		}
	}
	place, err := d.place(ctx, m.Location)
	if err != nil {
		return nil, err
	}
	unlock, err := d.roots.lock(ctx, placeKey(d.order.Locations[m.Location])+"\x00"+m.Root)
	if err != nil {
		return nil, err
	}
	defer unlock()
	unlockDisk, err := custody.Lock(ctx, place, m.Root, true) // from `gantry manifest` on this machine
	if err != nil {
		return nil, err
	}
	defer unlockDisk()
	created := m.Created
	if created.IsZero() {
		if created, err = d.stamp(d.order.Key); err != nil {
			return nil, err
		}
	}
	if err := d.readTarget(ctx); err != nil { // again: another order may have been first
		return nil, err
	}
	w := &ledger{deed: d, place: place, next: len(d.order.Files) + len(d.order.Documents), g: generation(m.Location, m.Root, created, d.host, d.version)}
	files := below(writtenBy(receipts), m.Location, m.Root)
	if d.target == nil {
		if err := w.carryOn(ctx, files); err != nil {
			return nil, err
		}
	} else {
		w.links, w.history = d.target.Links, d.target
		if done, err := w.repeated(ctx, files); done || err != nil {
			return w.receipts, err
		}
	}
	w.g.Number = len(w.links) + 1
	w.g.Files = judged(files, w.history)
	if err := w.add(ctx, w.g); err != nil {
		return nil, err
	}
	return w.receipts, w.chain(ctx)
}

// ledger is the history of one root while an order adds to it.
type ledger struct {
	*deed
	place connectors.Place
	next  int // file, for progress
	g     mhl.Generation

	links    []mhl.Link
	history  *custody.History // of the links; nil without any
	receipts []transfer.Receipt
}

// repeated finds the generation that an earlier run of the same order has added: built again from what came before it, it is the same. Its receipts
// come from writing it, and the chain, as they are.
func (w *ledger) repeated(ctx context.Context, files []mhl.File) (bool, error) {
	links := w.links
	for _, l := range links {
		if l.Name != mhl.FileName(w.g.Root, l.Number, w.g.Created) {
			continue
		}
		before, err := custody.At(ctx, w.place, w.order.Manifest.Root, l.Number-1)
		if err != nil {
			return false, historyFault(w.order.Manifest.Location, err)
		}
		g := w.g
		g.Number, g.Files = l.Number, judged(files, before)
		_, manifest, err := mhl.Build(g)
		if err != nil {
			return false, w.refused(err)
		}
		if mhl.C4(manifest) == l.C4 {
			if err := w.put(ctx, l.Name, manifest); err != nil {
				return false, err
			}
			return true, w.chain(ctx)
		}
	}
	return false, nil
}

// carryOn takes over what the files' histories say where they come from. One that is about these files and no others, under the same paths, is
// copied as it is. Otherwise what is known of these files becomes the first generation.
func (w *ledger) carryOn(ctx context.Context, files []mhl.File) error {
	var whole *origin
	known := map[string]*mhl.Record{} // by path at the destination
	single := true
	for n, o := range w.origins {
		if o == nil || o.packed {
			continue
		}
		if whole == nil {
			whole = o
		}
		single = single && o.location == whole.location && o.root == whole.root
		for _, to := range w.order.Files[n].Destinations {
			if rel, ok := relative(to.Path, w.order.Manifest.Root); ok && to.Location == w.order.Manifest.Location {
				known[rel] = o.record()
				single = single && rel == o.rel
			}
		}
	}
	switch {
	case len(known) == 0:
		return nil
	case single && whole.history.Complete(func(p string) bool { return known[p] != nil }):
		return w.copyAll(ctx, whole)
	}
	return w.condense(ctx, whole, known, len(known) == len(files))
}

// copyAll copies a history as it is.
func (w *ledger) copyAll(ctx context.Context, o *origin) error {
	from, err := w.deed.place(ctx, o.location)
	if err != nil {
		return err
	}
	for _, l := range o.history.Links {
		manifest, err := custody.Manifest(ctx, from, o.root, l)
		if err != nil {
			return historyFault(o.location, err)
		}
		if err := w.put(ctx, l.Name, manifest); err != nil {
			return err
		}
	}
	w.links, w.history = o.history.Links, o.history
	return nil
}

// condense makes a first generation of what is known of some files. If these are all files, folders get hashes, too.
func (w *ledger) condense(ctx context.Context, o *origin, known map[string]*mhl.Record, all bool) error {
	last := o.history.Links[len(o.history.Links)-1]
	g := w.g
	g.Number, g.Process, g.Coverage = 1, mhl.Flatten, mhl.Partial
	g.Comment = "from the history in " + o.location + ":" + path.Join(o.root, mhl.Folder) + " up to " + last.Name + ", " + last.C4
	for rel, record := range known {
		f := record.Known()
		f.Path = rel
		g.Files = append(g.Files, f)
	}
	w.history = &custody.History{Home: "."}
	if whole := g; all {
		whole.Coverage = mhl.Whole
		if _, _, err := mhl.Build(whole); err == nil { // they have a digest in common
			g = whole
		}
	}
	return w.add(ctx, g)
}

// add builds a generation, puts its manifest in its place and links it.
func (w *ledger) add(ctx context.Context, g mhl.Generation) error {
	name, manifest, err := mhl.Build(g)
	if err != nil {
		return w.refused(err)
	}
	l := mhl.Link{Number: g.Number, Name: name, C4: mhl.C4(manifest)}
	w.links = append(w.links[:len(w.links):len(w.links)], l)
	if w.history != nil && g.Process == mhl.Flatten {
		w.history.Add(g, l, nil)
	}
	return w.put(ctx, name, manifest)
}

func (w *ledger) refused(err error) error {
	return connectors.Errorf(connectors.KindInvalid, "write manifest", w.order.Manifest.Root, "%w", err)
}

// chain comes last: what it names is there.
func (w *ledger) chain(ctx context.Context) error {
	return w.put(ctx, mhl.ChainFile, mhl.WriteChain(w.links))
}

func (w *ledger) put(ctx context.Context, name string, content []byte) error {
	m := w.order.Manifest
	to, err := w.targets(ctx, []wire.PlaceRef{{Location: m.Location, Path: path.Join(m.Root, mhl.Folder, name)}})
	if err != nil {
		return err
	}
	r, err := w.write(ctx, w.next, "ascmhl/"+mhl.C4(content)[:12], content, to, nil)
	if err != nil {
		return err
	}
	w.next++
	w.receipts = append(w.receipts, r)
	return nil
}

// writtenBy lists the copies of receipts, with the digests of what was read.
func writtenBy(receipts []transfer.Receipt) []written {
	var all []written
	for _, r := range receipts {
		for _, c := range r.Copies {
			all = append(all, written{location: c.Location, path: c.Path, size: r.Size, digests: r.Digests})
		}
	}
	return all
}
