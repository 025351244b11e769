package mhl

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Contradiction is a recorded directory hash that does not follow from what is recorded below the directory.
type Contradiction struct {
	Path   string // of the directory; "." is the root
	Detail string
}

func (c Contradiction) String() string { return fmt.Sprintf("%q: %s", c.Path, c.Detail) }

// Check says which recorded directory hashes do not follow from the recorded files: the manifest was altered, or written by a faulty
// tool. The hashes of nested histories are taken as they are recorded: their files are in manifests of their own.
func Check(g Generation) ([]Contradiction, error) {
	if g.Coverage != Whole {
		return nil, nil
	}
	root, err := grow(g)
	if err != nil {
		return nil, fmt.Errorf("mhl: manifest: %w", err)
	}
	recorded := map[string]DirectoryHash{".": g.RootHash}
	for _, d := range g.Directories {
		recorded[d.Path] = d.Hash
	}
	root.digest(sharedFormats(g))
	all := root.check(recorded)
	slices.SortFunc(all, func(a, b Contradiction) int {
		return cmp.Or(strings.Compare(a.Path, b.Path), strings.Compare(a.Detail, b.Detail))
	})
	return all, nil
}

func (n *node) check(recorded map[string]DirectoryHash) (all []Contradiction) {
	for _, c := range n.children {
		if c.file == nil && !c.nested {
			all = append(all, c.check(recorded)...)
		}
	}
	was := recorded[n.path]
	for _, f := range formats {
		for _, pair := range [][2]string{{was.Content[f.name], n.hash.Content[f.name]}, {was.Structure[f.name], n.hash.Structure[f.name]}} {
			if pair[0] != "" && pair[1] != "" && pair[0] != pair[1] {
				all = append(all, Contradiction{n.path, fmt.Sprintf("%s is recorded as %s, the files give %s", f.name, pair[0], pair[1])})
			}
		}
	}
	return all
}
