package mhl

import (
	"fmt"
	"slices"
)

// HashFolders computes the hashes of all folders of g, the root's under ".", in the given formats, which all files and nested histories must
// have. It does not look at what g records of them.
func HashFolders(g Generation, wanted []string) (map[string]DirectoryHash, error) {
	shared := sharedFormats(g)
	for _, name := range wanted {
		if !slices.ContainsFunc(shared, func(f format) bool { return f.name == name }) && len(g.Files) > 0 {
			return nil, fmt.Errorf("mhl: not all files have a digest of the format %s", name)
		}
	}
	root, err := grow(g)
	if err != nil {
		return nil, fmt.Errorf("mhl: %w", err)
	}
	root.digest(slices.DeleteFunc(slices.Clone(formats), func(f format) bool { return !slices.Contains(wanted, f.name) }))
	all := map[string]DirectoryHash{}
	root.collect(all)
	return all, nil
}

func (n *node) collect(into map[string]DirectoryHash) {
	into[n.path] = n.hash
	for _, c := range n.children {
		if c.file == nil {
			c.collect(into)
		}
	}
}
