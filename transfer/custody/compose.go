package custody

import (
	"bytes"
	"context"
	"fmt"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"unicode/utf8"

	"gantry/connectors"
	"gantry/transfer/manifest/mhl"
)

// compose builds and writes the generations, the innermost first, because the outer ones refer to them.
func (a *author) compose(ctx context.Context) error {
	a.done, a.roots = map[*History]Written{}, map[*History]mhl.DirectoryHash{}
	all := a.top.All()
	for _, h := range slices.Backward(all) {
		if h != a.top && a.ignore.Match(h.Home) {
			continue
		}
		if err := a.generation(ctx, h); err != nil {
			return err
		}
	}
	slices.Reverse(a.report.Written)
	return nil
}

// generation adds one to a history, unless it has nothing to tell.
func (a *author) generation(ctx context.Context, h *History) error {
	g := mhl.Generation{
		Root: a.name(h), Created: a.created, Process: a.o.Process, Host: a.o.Host, Tool: a.o.Tool, ToolVersion: a.o.Version,
		Authors: a.o.Authors, Location: a.o.Location, Comment: a.o.Comment,
		Ignore: union(h.Ignore(), a.given), Files: a.files[h],
	}
	for _, n := range h.Nested {
		if w, ok := a.done[n]; ok {
			g.References = append(g.References, mhl.Reference{Path: h.rel(path.Join(n.Home, mhl.Folder, path.Base(w.Path))), C4: w.C4})
		}
	}
	switch {
	case a.partial():
		g.Coverage = mhl.Partial
		if len(g.Files)+len(g.References) == 0 {
			return nil
		}
	case a.o.NoFolders:
		g.Coverage = mhl.Unhashed
	}
	g.Directories = a.folderRecords(h)
	return a.add(ctx, h, g)
}

// folderRecords lists the folders of a history that are there.
func (a *author) folderRecords(h *History) []mhl.Directory {
	renamed := a.moved[h]
	dirs := map[string]mhl.Directory{}
	if a.folders == nil { // the place does not tell: those that were recorded are taken to be there
		for _, rel := range h.Folders() {
			if !a.ignore.Match(h.abs(rel)) && a.gone(h.abs(rel)) {
				dirs[rel] = mhl.Directory{Path: rel}
			}
		}
		for now, was := range renamed {
			dirs[now] = mhl.Directory{Path: now, PreviousPath: was}
		}
	}
	for p, modified := range a.folders {
		if owner, rel := a.top.Owner(p); owner == h {
			dirs[rel] = mhl.Directory{Path: rel, ModTime: modified, PreviousPath: renamed[rel]}
		}
	}
	for _, n := range h.Nested {
		rel := h.rel(n.Home)
		if hash, ok := a.roots[n]; ok {
			d := dirs[rel]
			d.Path, d.Hash, d.Nested = rel, hash, true
			dirs[rel] = d
		}
	}
	list := make([]mhl.Directory, 0, len(dirs))
	for _, d := range dirs {
		list = append(list, d)
	}
	slices.SortFunc(list, func(x, y mhl.Directory) int { return strings.Compare(x.Path, y.Path) })
	return list
}

// add builds a generation and writes it.
func (a *author) add(ctx context.Context, h *History, g mhl.Generation) error {
	next := newEntry(a.place, below(a.root, h.Home), h)
	g.Number = next.number()
	name, manifest, err := mhl.Build(g)
	if err != nil {
		return connectors.Errorf(connectors.KindInvalid, "write manifest", below(a.root, h.Home), "%w", err)
	}
	built, err := mhl.Parse(bytes.NewReader(manifest))
	if err != nil {
		return fmt.Errorf("the manifest that was built does not parse: %w", err)
	}
	a.roots[h] = built.RootHash
	w := Written{h.Home, g.Number, path.Join(below(a.root, h.Home), mhl.Folder, name), mhl.C4(manifest), len(g.Files)}
	if !a.o.DryRun {
		if err := next.write(ctx, name, manifest); err != nil {
			return err
		}
	}
	a.done[h] = w
	a.report.Written = append(a.report.Written, w)
	return nil
}

// name is the history's root folder, cut to what fits into a file's name.
func (a *author) name(h *History) string {
	p := below(a.root, h.Home)
	name := path.Base(p)
	if p == "" {
		name = a.o.Name
		if dir, ok := onDisk(a.place, ""); ok {
			name = filepath.Base(dir)
		}
	}
	name = strings.ReplaceAll(name, "/", "_")
	if name == "" || name == "." || name == ".." {
		name = "root"
	}
	for len(name) > mostName {
		_, n := utf8.DecodeLastRuneInString(name)
		name = name[:len(name)-n]
	}
	return name
}

// mostName leaves room for number, date and extension in a file's name.
const mostName = 200
