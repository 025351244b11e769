package custody

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"path"
	"slices"

	"gantry/connectors"
	"gantry/transfer/manifest/mhl"
)

// VerifyOptions say what is held against what.
type VerifyOptions struct {
	File        string   // this file below the root alone; nothing counts as missing
	PackingList []byte   // a manifest from outside to hold the files against, in place of the history
	Ignore      []string // patterns beside those that the history has
	Quick       bool     // look at names, and read nothing
	Parallel    int      // files read at once; default 4
	Progress    Progress // may be nil
}

// Verify holds the files at root against all generations of its history and of those nested below it: each file against the digest that was recorded
// of it first. It writes nothing.
func Verify(ctx context.Context, place connectors.Place, root string, o VerifyOptions) (*Report, error) {
	c, err := beginVerify(ctx, place, root, o)
	if err != nil {
		return nil, err
	}
	var only func(string) bool
	if o.File != "" {
		only = func(p string) bool { return p == o.File }
	}
	c.match(only)
	if o.File != "" && len(c.found) == 0 {
		return c.report, &connectors.Error{Kind: connectors.KindNotFound, Op: "verify file", Path: path.Join(root, o.File), Remedy: "name a file below the root that is not ignored"}
	}
	var list []*reading
	for _, f := range c.sorted() {
		c.report.Files++
		c.report.Bytes += max(f.Size, 0)
		switch {
		case f.record == nil || f.record.Oldest() == "":
			c.report.found(New, f.Path, "")
		case o.Quick:
			c.report.Verified++
		default:
			list = append(list, &reading{path: f.Path, size: f.Size, formats: []string{f.record.Oldest()}})
		}
		if f.was != "" {
			c.report.Notes = append(c.report.Notes, fmt.Sprintf("%q is recorded under another Unicode form of its name", f.Path))
		}
	}
	if err := hashAll(ctx, place, root, list, cmp.Or(o.Parallel, 4), o.Progress); err != nil {
		return c.report, err
	}
	c.compare(list)
	c.tellMissing(nil)
	return c.report, nil
}

// beginVerify surveys the root, and reads its histories or the packing list.
func beginVerify(ctx context.Context, place connectors.Place, root string, o VerifyOptions) (*scan, error) {
	if o.PackingList == nil {
		c, err := begin(ctx, place, root, o.Ignore)
		if err == nil {
			err = c.top.begun(root)
		}
		return c, err
	}
	list, err := mhl.Parse(bytes.NewReader(o.PackingList))
	if err != nil {
		return nil, connectors.Errorf(connectors.KindInvalid, "read packing list", root, "%w", err)
	}
	s, err := look(ctx, place, root)
	if err != nil {
		return nil, err
	}
	c := &scan{survey: s, root: root, top: &History{Home: "."}, report: &Report{Root: cmp.Or(root, "."), Findings: []Finding{}, Odd: s.odd}}
	c.top.Add(list, mhl.Link{Number: 1}, nil)
	c.given = union(c.top.Ignore(), o.Ignore)
	if c.ignore, err = mhl.NewIgnore(c.given); err != nil {
		c.report.Notes = append(c.report.Notes, err.Error())
	}
	return c, nil
}

// compare reports the files that are not what is recorded.
func (c *scan) compare(list []*reading) {
	for _, r := range list {
		f := c.found[r.path]
		if r.err != nil {
			c.report.found(UnreadableFile, r.path, r.err.Error())
		} else if detail := f.record.Contradicts(r.digests); detail != "" {
			c.report.found(Changed, r.path, detail)
		} else {
			c.report.Verified++
		}
	}
}

// FolderOptions say how the hashes of folders are verified.
type FolderOptions struct {
	Format   string // default: that of the latest generation, the first that it has
	Ignore   []string
	RootOnly bool
	// Calculate computes hashes and compares none; a history is not needed then.
	Calculate bool
	Parallel  int
	Progress  Progress // may be nil
}

// FolderSum is what a folder's hashes are now.
type FolderSum struct {
	Path      string `json:"path"` // "." is the root
	Format    string `json:"format"`
	Content   string `json:"content"`
	Structure string `json:"structure"`
}

// VerifyFolders computes the hashes of all folders below root from their files, and holds them against those that were recorded last. It tells
// in one comparison whether anything was added, removed, renamed or changed since.
func VerifyFolders(ctx context.Context, place connectors.Place, root string, o FolderOptions) (*Report, []FolderSum, error) {
	c, err := begin(ctx, place, root, o.Ignore)
	if err != nil {
		return nil, nil, err
	}
	if !o.Calculate {
		if err := c.top.begun(root); err != nil {
			return nil, nil, err
		}
	}
	c.match(nil)
	format := cmp.Or(o.Format, c.folderFormat())
	if !slices.Contains(mhl.Formats(), format) {
		return nil, nil, connectors.Errorf(connectors.KindInvalid, "hash folders", root, "the standard has no digest %q", format)
	}
	var list []*reading
	for _, f := range c.sorted() {
		c.report.Files++
		c.report.Bytes += max(f.Size, 0)
		list = append(list, &reading{path: f.Path, size: f.Size, formats: []string{format}})
	}
	if err := hashAll(ctx, place, root, list, cmp.Or(o.Parallel, 4), o.Progress); err != nil {
		return c.report, nil, err
	}
	if err := unreadable(list); err != nil {
		return c.report, nil, err
	}
	hashes, err := mhl.HashFolders(c.everything(list), []string{format})
	if err != nil {
		return c.report, nil, err
	}
	var sums []FolderSum
	for p, h := range hashes {
		if p == "." || !o.RootOnly {
			sums = append(sums, FolderSum{p, format, h.Content[format], h.Structure[format]})
		}
	}
	slices.SortFunc(sums, func(a, b FolderSum) int { return cmp.Compare(order(a.Path), order(b.Path)) })
	if !o.Calculate {
		c.compareFolders(sums)
	}
	return c.report, sums, nil
}

// folderFormat is the format of the latest root hash.
func (c *scan) folderFormat() string {
	for _, g := range slices.Backward(c.top.Generations) {
		for _, f := range append([]string{string(connectors.XXH128)}, mhl.Formats()...) {
			if g.RootHash.Content[f] != "" {
				return f
			}
		}
	}
	return string(connectors.XXH128)
}

// everything is all that lies below the root as if it had one history.
func (c *scan) everything(list []*reading) mhl.Generation {
	var g mhl.Generation
	for _, r := range list {
		g.Files = append(g.Files, mhl.File{Path: r.path, Digests: r.digests})
	}
	for p := range c.folders {
		g.Directories = append(g.Directories, mhl.Directory{Path: p})
	}
	if c.folders == nil { // the place does not tell: those that were recorded are taken to be there
		for _, h := range c.top.All() {
			for _, rel := range h.Folders() {
				if p := h.abs(rel); !c.ignore.Match(p) {
					g.Directories = append(g.Directories, mhl.Directory{Path: p})
				}
			}
		}
	}
	return g
}

// compareFolders holds hashes against those that were recorded last, by the folder's own history and by the outer one.
func (c *scan) compareFolders(sums []FolderSum) {
	for _, s := range sums {
		recorded, compared := c.recorded(s.Path, s.Format), false
		for _, was := range recorded {
			compared = true
			if was.Content[s.Format] != s.Content {
				c.report.found(FolderHash, s.Path, fmt.Sprintf("its content hash (%s) is %s, recorded is %s", s.Format, s.Content, was.Content[s.Format]))
			} else if was.Structure[s.Format] != s.Structure {
				c.report.found(FolderHash, s.Path, fmt.Sprintf("its structure hash (%s) is %s, recorded is %s: names have changed", s.Format, s.Structure, was.Structure[s.Format]))
			} else {
				continue
			}
			break
		}
		if !compared {
			c.report.found(FolderHash, s.Path, "no hash of the format "+s.Format+" is recorded")
		}
	}
}

func (c *scan) recorded(p, format string) []mhl.DirectoryHash {
	var all []mhl.DirectoryHash
	add := func(h mhl.DirectoryHash) {
		if h.Content[format] != "" {
			all = append(all, h)
		}
	}
	for _, h := range c.top.All() {
		if h.Home == p {
			for _, g := range slices.Backward(h.Generations) {
				if len(g.RootHash.Content) > 0 {
					add(g.RootHash)
					break
				}
			}
		}
	}
	if h, rel := c.top.Owner(p); h.Folder(rel) != nil {
		add(h.Folder(rel).Hash)
	}
	return all
}
