package mhl

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Difference kinds, the worst first.
const (
	Missing    = "missing"     // in the manifest, not found
	Changed    = "changed"     // found with another digest or size
	Unverified = "unverified"  // found, but no digest format is in both
	Added      = "added"       // found, not in the manifest
	Hash       = "folder hash" // a recorded directory hash does not follow from the recorded files
)

// Difference is one way in which files and manifest disagree.
type Difference struct {
	Path   string
	Kind   string
	Detail string
}

func (d Difference) String() string { return fmt.Sprintf("%s: %q: %s", d.Kind, d.Path, d.Detail) }

// Compare says how the files found under a root differ from a generation, in the order of their paths. What the standard ignores by default is passed over.
// Nil means that all files of the manifest are there and verified, and no others.
func Compare(g Generation, found []File) []Difference {
	there := make(map[string]*File, len(found))
	for i := range found {
		there[found[i].Path] = &found[i]
	}
	var all []Difference
	for _, want := range g.Files {
		got, ok := there[want.Path]
		delete(there, want.Path)
		if !ok {
			all = append(all, Difference{want.Path, Missing, "it is in the manifest only"})
		} else if d, same := compareFile(want, *got); !same {
			all = append(all, d)
		}
	}
	for path := range there {
		if !ignoredByDefault(path) {
			all = append(all, Difference{path, Added, "it is not in the manifest"})
		}
	}
	slices.SortFunc(all, byPath)
	return all
}

func compareFile(want, got File) (Difference, bool) {
	if want.Size >= 0 && got.Size >= 0 && want.Size != got.Size {
		return Difference{want.Path, Changed, fmt.Sprintf("%d bytes, recorded are %d", got.Size, want.Size)}, false
	}
	compared := false
	for _, f := range formats {
		w, g := want.Digests[f.name], got.Digests[f.name]
		if w == "" || g == "" {
			continue
		}
		compared = true
		if w != g {
			return Difference{want.Path, Changed, fmt.Sprintf("%s is %s, recorded is %s", f.name, g, w)}, false
		}
	}
	if !compared {
		return Difference{want.Path, Unverified, "no digest of the same format is in the manifest"}, false
	}
	return Difference{}, true
}

// Check says which recorded directory hashes do not follow from the recorded files: the manifest was altered, or written by a faulty
// tool. Manifests with references are not checked, because the files below those are in other manifests.
func Check(g Generation) ([]Difference, error) {
	if len(g.References) > 0 {
		return nil, nil
	}
	root, err := grow(g)
	if err != nil {
		return nil, fmt.Errorf("mhl: manifest: %w", err)
	}
	root.digest(sharedFormats(g.Files))
	recorded := map[string]DirectoryHash{".": g.RootHash}
	for _, d := range g.Directories {
		recorded[d.Path] = d.Hash
	}
	all := root.check(recorded)
	slices.SortFunc(all, byPath)
	return all, nil
}

func (n *node) check(recorded map[string]DirectoryHash) (all []Difference) {
	for _, c := range n.children {
		if c.file == nil {
			all = append(all, c.check(recorded)...)
		}
	}
	was := recorded[n.path]
	for _, f := range formats {
		for _, pair := range [][2]string{{was.Content[f.name], n.hash.Content[f.name]}, {was.Structure[f.name], n.hash.Structure[f.name]}} {
			if pair[0] != "" && pair[1] != "" && pair[0] != pair[1] {
				all = append(all, Difference{n.path, Hash, fmt.Sprintf("%s is recorded as %s, the files give %s", f.name, pair[0], pair[1])})
			}
		}
	}
	return all
}

func byPath(a, b Difference) int {
	return cmp.Or(strings.Compare(a.Path, b.Path), strings.Compare(a.Detail, b.Detail))
}
