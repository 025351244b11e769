package custody

import (
	"bytes"
	"context"
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"gantry/connectors"
	"gantry/transfer/manifest/mhl"
)

// Bring takes the history at fromRoot, without those nested below it, to toRoot, where it may be known up to an earlier generation. One that is longer there
// stays, and so does one that has parted from it: KindExists tells of that. It may be repeated after a crash: manifests go first, and the chain last. Where
// somebody else adds a generation there meanwhile, it gives way with KindBusy: the same call helps when that is done. What a crash left on a place that
// cannot be locked counts for that, too, for ten minutes by now.
func Bring(ctx context.Context, from connectors.Source, fromRoot string, to connectors.Place, toRoot string, now func() time.Time) error {
	dir, onDisk := onDisk(to, toRoot)
	locked := onDisk && exists(dir)
	unlock, err := Lock(ctx, to, toRoot, true)
	if err != nil {
		return err
	}
	defer unlock()
	order, here, there, err := Compare(ctx, from, fromRoot, to, toRoot)
	switch {
	case err != nil:
		return err
	case order == Same, order == Behind:
		return nil
	case order == Diverged:
		return &connectors.Error{
			Kind: connectors.KindExists, Op: "bring history", Path: path.Join(toRoot, mhl.Folder), Err: fmt.Errorf("another history of %d generations is there", there),
			Remedy: "compare the two, and move the wrong one away",
		}
	}
	list, chain, err := links(ctx, from, fromRoot)
	if err != nil {
		return err
	}
	known, before, err := links(ctx, to, toRoot)
	if err != nil {
		return err
	}
	if len(list) < here || len(known) != there {
		return busy(path.Join(toRoot, mhl.Folder), "the chain has changed")
	}
	b := &bringing{entry: entry{to, path.Join(toRoot, mhl.Folder), before, there}, list: list, locked: locked, now: now}
	if err := b.manifests(ctx, from, fromRoot); err != nil {
		return b.giveWay(ctx, err)
	}
	failed := put(ctx, to, path.Join(b.folder, mhl.ChainFile), chain, before == nil)
	order, _, _, err = Compare(ctx, from, fromRoot, to, toRoot)
	switch {
	case err == nil && (order == Same || order == Behind):
		return nil
	case connectors.KindOf(failed) == connectors.KindExists, failed == nil && err == nil:
		return busy(b.folder, "the chain has changed")
	case failed != nil:
		return failed
	}
	return err
}

// bringing is some generations on their way into a folder.
type bringing struct {
	entry
	list   []mhl.Link // of all generations
	locked bool       // nobody else on this machine writes there
	now    func() time.Time
	made   []string // names of manifests that were not there
}

// manifests puts those that are not in the chain there, and looks whether anybody else does.
func (b *bringing) manifests(ctx context.Context, from connectors.Source, root string) error {
	for _, l := range b.list[b.links:] {
		manifest, err := Manifest(ctx, from, root, l)
		if err != nil {
			return err
		}
		file := path.Join(b.folder, l.Name)
		err = put(ctx, b.place, file, manifest, true)
		if connectors.KindOf(err) == connectors.KindExists {
			err = b.adopt(ctx, file, manifest)
		} else if err == nil {
			b.made = append(b.made, l.Name)
		}
		if err != nil {
			return err
		}
	}
	return b.alone(ctx)
}

// adopt takes a manifest for one that a crash has left on its way, if nobody can be about to link it.
func (b *bringing) adopt(ctx context.Context, file string, manifest []byte) error {
	there, err := b.place.Stat(ctx, file)
	if err != nil {
		return err
	}
	if !b.left(there) {
		return busy(b.folder, fmt.Sprintf("%q is there already", path.Base(file)))
	}
	found, err := readSmall(ctx, b.place, file, mostManifest)
	if err != nil || bytes.Equal(found, manifest) {
		return err
	}
	return &connectors.Error{
		Kind: connectors.KindExists, Op: "bring history", Path: file, Err: fmt.Errorf("another manifest is there that no chain pins"),
		Remedy: "move it out of the folder",
	}
}

// left tells whether the writer of a manifest without a link has died.
func (b *bringing) left(e connectors.Entry) bool {
	return b.locked || b.now().Sub(e.ModTime) >= writerGone
}

// alone tells whether nobody else has begun or ended one of these generations, or a later one; see [entry.alone].
func (b *bringing) alone(ctx context.Context) error {
	now, err := readSmall(ctx, b.place, path.Join(b.folder, mhl.ChainFile), mostChain)
	if err != nil {
		return err
	}
	if !bytes.Equal(now, b.chain) {
		return busy(b.folder, "the chain has changed")
	}
	for there, err := range b.place.List(ctx, b.folder) {
		if connectors.KindOf(err) == connectors.KindUnsupported {
			return nil // then the chain alone has to tell
		}
		if err != nil {
			return err
		}
		name := path.Base(there.Path)
		own := slices.ContainsFunc(b.list, func(l mhl.Link) bool { return l.Name == name })
		if path.Dir(there.Path) == b.folder && !own && numberOf(name) > b.links && !b.left(there) {
			return busy(b.folder, fmt.Sprintf("%q is there, too", name))
		}
	}
	return nil
}

// numberOf is the generation that a manifest's name tells, 0 for another file.
func numberOf(name string) int {
	digits, _, ok := strings.Cut(name, "_")
	n, err := strconv.Atoi(digits)
	if !ok || err != nil {
		return 0
	}
	return n
}

// giveWay takes back what was put there. What it found there stays.
func (b *bringing) giveWay(ctx context.Context, why error) error {
	if connectors.KindOf(why) != connectors.KindBusy {
		return why
	}
	for _, name := range slices.Backward(b.made) {
		if err := b.place.Remove(context.WithoutCancel(ctx), path.Join(b.folder, name)); err != nil {
			return fmt.Errorf("%w; %q stays behind: %w", why, name, err)
		}
	}
	return why
}
