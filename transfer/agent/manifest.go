package agent

import (
	"fmt"
	"path"
	"strings"
	"time"

	"gantry/connectors"
	"gantry/transfer/manifest/mhl"
)

// written is a file that an order has put into a location.
type written struct {
	location, path string
	size           int64
	digests        connectors.Digests
}

// below keeps the files under root in a location, with their paths from there.
func below(all []written, location, root string) []mhl.File {
	var files []mhl.File
	for _, w := range all {
		rel, ok := w.path, root == ""
		if !ok {
			rel, ok = strings.CutPrefix(w.path, root+"/")
		}
		if !ok || w.location != location {
			continue
		}
		digests := map[string]string{}
		for algorithm, sum := range w.digests {
			digests[string(algorithm)] = sum
		}
		files = append(files, mhl.File{Path: rel, Size: w.size, Digests: digests})
	}
	return files
}

// history is what an order adds to the ascmhl folder of a root.
type history struct {
	name            string // of the manifest
	manifest, chain []byte
}

// addGeneration makes the next generation of a chain (nil if there is none). A generation that the chain holds
// already is made again as it is, so that a repeated order changes nothing.
func addGeneration(chain []byte, g mhl.Generation) (h history, err error) {
	var links []mhl.Link
	if chain != nil {
		if links, err = mhl.ParseChain(strings.NewReader(string(chain))); err != nil {
			return h, fmt.Errorf("the root's chain of manifests cannot be read: %w: mend or move it", err)
		}
	}
	for _, l := range links {
		if l.Name != mhl.FileName(g.Root, l.Number, g.Created) {
			continue
		}
		g.Number = l.Number
		if h.name, h.manifest, err = mhl.Build(g); err != nil {
			return h, err
		}
		if mhl.C4(h.manifest) == l.C4 {
			h.chain = chain
			return h, nil
		}
	}
	g.Number = len(links) + 1
	if h.name, h.manifest, err = mhl.Build(g); err != nil {
		return h, err
	}
	h.chain, err = mhl.Chain(chain, h.name, h.manifest)
	return h, err
}

// generation describes what an order wrote below root. created is cut to the second, which is all that a manifest's
// name tells.
func generation(location, root string, created time.Time, host, version string, files []mhl.File) mhl.Generation {
	name := path.Base(root)
	if root == "" {
		name = strings.ReplaceAll(location, "/", "_")
	}
	return mhl.Generation{
		Root: name, Created: created.UTC().Truncate(time.Second), Process: mhl.Transfer,
		Host: host, Tool: "gantry", ToolVersion: version, Files: files,
	}
}
