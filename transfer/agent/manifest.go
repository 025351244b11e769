package agent

import (
	"path"
	"strings"
	"time"

	"gantry/connectors"
	"gantry/transfer/custody"
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
		rel, ok := relative(w.path, root)
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

// relative gives a path as seen from root.
func relative(p, root string) (string, bool) {
	if root == "" {
		return p, true
	}
	return strings.CutPrefix(p, root+"/")
}

// judged records the files against what the generations before say. One that replaces another, as a sidecar's next version does, is recorded as new:
// what must be the same was held against the history before it was sent.
func judged(files []mhl.File, before *custody.History) []mhl.File {
	judged := make([]mhl.File, len(files))
	for i, f := range files {
		var record *mhl.Record
		if before != nil {
			record = before.File(f.Path)
		}
		keep, actions := record.Judge(f.Digests, false)
		if judged[i] = f.With(keep, actions); judged[i].Failed() {
			f.Action = mhl.Original
			judged[i] = f
		}
	}
	return judged
}

// generation describes what an order wrote below root. created is cut to the second, which is all that a manifest's
// name tells.
func generation(location, root string, created time.Time, host, version string) mhl.Generation {
	name := path.Base(root)
	if root == "" {
		name = strings.ReplaceAll(location, "/", "_")
	}
	return mhl.Generation{
		Root: name, Created: created.UTC().Truncate(time.Second), Process: mhl.Transfer,
		Host: host, Tool: "gantry", ToolVersion: version,
	}
}
