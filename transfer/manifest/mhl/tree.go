package mhl

import (
	"fmt"
	"path"
	"slices"
	"strings"
	"time"
)

// node is a file or a directory of the tree that a generation's paths make.
type node struct {
	name     string
	path     string
	file     *File // nil for a directory
	children []*node
	modTime  time.Time
	previous string
	nested   bool // its hash is given, and what is in it is not told
	hash     DirectoryHash
}

// grow makes the tree of all files and directories, children in the order of their names.
func grow(g Generation) (*node, error) {
	root := &node{path: "."}
	dirs := map[string]*node{".": root}
	files := make(map[string]struct{}, len(g.Files))
	for i := range g.Files {
		f := &g.Files[i]
		if _, twice := files[f.Path]; twice {
			return nil, fmt.Errorf("path %q is given twice", f.Path)
		}
		files[f.Path] = struct{}{}
		dir := directory(dirs, path.Dir(f.Path))
		dir.children = append(dir.children, &node{name: path.Base(f.Path), path: f.Path, file: f})
	}
	for _, d := range g.Directories {
		n := directory(dirs, d.Path)
		n.modTime, n.previous, n.nested = d.ModTime, d.PreviousPath, d.Nested
		if d.Nested {
			n.hash = d.Hash
		}
	}
	for p, dir := range dirs {
		if _, clash := files[p]; clash {
			return nil, fmt.Errorf("path %q is both a file and a directory", p)
		}
		if dir.nested && len(dir.children) > 0 {
			return nil, fmt.Errorf("path %q belongs into the history nested at %q", dir.children[0].path, p)
		}
		slices.SortFunc(dir.children, func(a, b *node) int { return strings.Compare(a.name, b.name) })
	}
	return root, nil
}

// directory returns the node of a directory, and makes it and those above it if they are not there.
func directory(dirs map[string]*node, p string) *node {
	if n, ok := dirs[p]; ok {
		return n
	}
	n := &node{name: path.Base(p), path: p}
	dirs[p] = n
	above := directory(dirs, path.Dir(p))
	above.children = append(above.children, n)
	return n
}

// digest fills in the hashes of n and of all directories below it.
func (n *node) digest(shared []format) {
	if n.nested {
		return
	}
	n.hash = DirectoryHash{map[string]string{}, map[string]string{}}
	for _, c := range n.children {
		if c.file == nil {
			c.digest(shared)
		}
	}
	for _, f := range shared {
		content := make([]string, len(n.children))
		structure := make([]string, len(n.children))
		for i, c := range n.children {
			content[i] = c.content(f)
			structure[i] = f.hash(append([]byte(c.name), mustDecode(f, c.structure(f))...))
		}
		n.hash.Content[f.name] = hashOfHashes(f, content)
		n.hash.Structure[f.name] = hashOfHashes(f, structure)
	}
}

func (n *node) content(f format) string {
	if n.file != nil {
		return n.file.Digests[f.name]
	}
	return n.hash.Content[f.name]
}

func (n *node) structure(f format) string {
	if n.file != nil {
		return n.file.Digests[f.name]
	}
	return n.hash.Structure[f.name]
}

func hashOfHashes(f format, hashes []string) string {
	slices.Sort(hashes)
	var raw []byte
	for _, h := range hashes {
		raw = append(raw, mustDecode(f, h)...)
	}
	return f.hash(raw)
}

// mustDecode turns a digest into bytes. All digests in a tree have been checked, or were made here.
func mustDecode(f format, digest string) []byte {
	raw, err := f.decode(digest)
	if err != nil {
		return nil
	}
	return raw
}

// sharedFormats returns the formats that every file and every nested history has; of nothing at all, the one that is the trade's default.
func sharedFormats(g Generation) []format {
	var nested []DirectoryHash
	for _, d := range g.Directories {
		if d.Nested {
			nested = append(nested, d.Hash)
		}
	}
	if len(g.Files)+len(nested) == 0 {
		return slices.DeleteFunc(slices.Clone(formats), func(f format) bool { return f.name != "xxh128" })
	}
	return slices.DeleteFunc(slices.Clone(formats), func(f format) bool {
		return slices.ContainsFunc(g.Files, func(file File) bool { return file.Digests[f.name] == "" }) ||
			slices.ContainsFunc(nested, func(h DirectoryHash) bool { return h.Content[f.name] == "" || h.Structure[f.name] == "" })
	})
}
