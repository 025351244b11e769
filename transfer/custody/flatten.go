package custody

import (
	"context"
	"path"
	"time"

	"gantry/connectors"
	"gantry/transfer/manifest/mhl"
)

// FlattenOptions say who makes a packing list.
type FlattenOptions struct {
	Maker
	Name   string // of the root folder where its path is empty
	Ignore []string
	DryRun bool
	Now    func() time.Time
}

// Flatten puts the histories at root and below it together in one manifest outside of them, a packing list: every file that they know, under its name
// of today, with the first digest of each format and what was recorded with it. It goes to a folder of the day below dest in the place to. It reads
// no files, and failed digests are left out.
func Flatten(ctx context.Context, place connectors.Place, root string, to connectors.Place, dest string, o FlattenOptions) (*Report, error) {
	c, err := begin(ctx, place, root, o.Ignore)
	if err != nil {
		return nil, err
	}
	if err := c.top.begun(root); err != nil {
		return nil, err
	}
	created := o.Now().UTC().Truncate(time.Second)
	a := &author{scan: c, place: place, o: CreateOptions{Name: o.Name}}
	g := mhl.Generation{
		Root: a.name(c.top), Number: 1, Created: created, Process: mhl.Flatten, Coverage: mhl.Partial,
		Host: o.Host, Tool: o.Tool, ToolVersion: o.Version, Authors: o.Authors, Location: o.Location, Comment: o.Comment,
		Ignore: c.given,
	}
	for _, h := range c.top.All() {
		prefix := ""
		if h.Home != "." {
			prefix = h.Home + "/"
		}
		for _, f := range h.Flat(prefix) {
			if !c.ignore.Match(f.Path) {
				g.Files = append(g.Files, f)
				c.report.Files++
				c.report.Bytes += max(f.Size, 0)
			}
		}
	}
	_, manifest, err := mhl.Build(g)
	if err != nil {
		return nil, connectors.Errorf(connectors.KindInvalid, "write packing list", root, "%w", err)
	}
	folder := path.Join(dest, mhl.CollectionFolder(created))
	name := mhl.PackingListName(g.Root, created)
	c.report.Written = []Written{{folder, 1, path.Join(folder, name), mhl.C4(manifest), len(g.Files)}}
	if o.DryRun {
		return c.report, nil
	}
	return c.report, collect(ctx, to, folder, name, manifest)
}

// collect puts a packing list into its folder, and then into the file that pins those of the folder.
func collect(ctx context.Context, to connectors.Place, folder, name string, manifest []byte) error {
	file := path.Join(folder, mhl.CollectionFile)
	before, err := readSmall(ctx, to, file, mostChain)
	if err != nil {
		return err
	}
	after, err := mhl.Collect(before, name, manifest)
	if err != nil {
		return connectors.Errorf(connectors.KindInvalid, "write packing list", file, "%w", err)
	}
	if err := put(ctx, to, path.Join(folder, name), manifest, true); err != nil {
		return err
	}
	return put(ctx, to, file, after, false)
}
