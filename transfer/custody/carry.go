package custody

import (
	"bytes"
	"context"
	"fmt"
	"path"
	"slices"
	"strings"

	"gantry/connectors"
	"gantry/transfer/digest"
	"gantry/transfer/manifest/mhl"
)

// Above finds the history that a file belongs to, that of the innermost folder above it, and the root of it. A place that does not tell, as a
// drop box, has none. The history is nil then, and so it is where no folder has one.
func Above(ctx context.Context, place connectors.Source, file string) (h *History, root string, err error) {
	for dir := path.Dir(file); ; dir = path.Dir(dir) {
		root = strings.TrimPrefix(dir, ".")
		if h, err = At(ctx, place, root, -1); h != nil || err != nil || root == "" {
			return h, root, err
		}
	}
}

// At reads the first generations of the history at root, all for a number below zero, without those nested below it. It is nil where there is
// none, and where the place does not tell.
func At(ctx context.Context, place connectors.Source, root string, generations int) (*History, error) {
	file := path.Join(root, mhl.Folder, mhl.ChainFile)
	chain, err := readSmall(ctx, place, file, mostChain)
	switch connectors.KindOf(err) {
	case connectors.KindUnsupported, connectors.KindPermission, connectors.KindInvalid:
		return nil, nil
	}
	if err != nil || !bytes.Contains(chain, []byte("ascmhldirectory")) { // some web servers answer everything
		return nil, err
	}
	h := &History{Home: ".", chain: chain}
	if h.Links, err = mhl.ParseChain(bytes.NewReader(chain)); err != nil {
		return nil, &Broken{Unreadable, file, err}
	}
	if generations >= 0 {
		h.Links = h.Links[:min(generations, len(h.Links))]
	}
	return h, h.readAll(ctx, place, path.Join(root, mhl.Folder), nil)
}

// Manifest reads the manifest of a link as it is, which must be the one that is pinned.
func Manifest(ctx context.Context, place connectors.Source, root string, l mhl.Link) ([]byte, error) {
	file := path.Join(root, mhl.Folder, l.Name)
	data, err := readSmall(ctx, place, file, mostManifest)
	switch {
	case err != nil:
		return nil, err
	case data == nil:
		return nil, &Broken{NoManifest, file, nil}
	case mhl.C4(data) != l.C4:
		return nil, &Broken{Altered, file, fmt.Errorf("its C4 is %s, the chain pins %s", mhl.C4(data), l.C4)}
	}
	return data, nil
}

// Complete tells whether the history is about these files alone, and about all of them that it ever knew: then its manifests are true of a copy of
// them, too.
func (h *History) Complete(has func(path string) bool) bool {
	for _, g := range h.Generations {
		if len(g.References) > 0 {
			return false // other histories belong to it
		}
	}
	return !slices.ContainsFunc(h.Files(), func(p string) bool { return !has(p) })
}

// Expected is what a file must be for its record to hold: the digest that was recorded first, and its xxh128 if there is one. nil for no record.
func Expected(r *mhl.Record) connectors.Digests {
	if r == nil {
		return nil
	}
	want := connectors.Digests{}
	for _, format := range []string{r.Oldest(), string(connectors.XXH128)} {
		if s, ok := r.First[format]; ok && digest.Strong(connectors.Algorithm(format)) {
			want[connectors.Algorithm(format)] = s.Digest
		}
	}
	return want
}

// IsHistory tells whether a path is that of a history's file: below a folder called ascmhl.
func IsHistory(path string) bool {
	_, inner := historyOf(path)
	return inner
}

// Carry copies the history that was read at fromRoot, and those nested in it, to where their files were copied. A folder that has a history there keeps
// its own. It may be repeated after a crash: manifests go first, and each chain last.
func Carry(ctx context.Context, from connectors.Source, fromRoot string, to connectors.Place, toRoot string, h *History) error {
	for _, each := range slices.Backward(h.All()) {
		source, dest := below(fromRoot, each.Home), below(toRoot, each.Home)
		chain := path.Join(dest, mhl.Folder, mhl.ChainFile)
		if there, err := readSmall(ctx, to, chain, mostChain); err != nil || there != nil {
			if err != nil {
				return err
			}
			continue
		}
		for _, l := range each.Links {
			manifest, err := Manifest(ctx, from, source, l)
			if err != nil {
				return err
			}
			if err := put(ctx, to, path.Join(dest, mhl.Folder, l.Name), manifest, false); err != nil {
				return err
			}
		}
		err := put(ctx, to, chain, each.chain, true)
		if connectors.KindOf(err) == connectors.KindExists {
			return busy(path.Dir(chain), "the chain has changed")
		}
		if err != nil {
			return err
		}
	}
	return nil
}
