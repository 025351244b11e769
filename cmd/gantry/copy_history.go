package main

import (
	"context"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"

	"gantry/connectors"
	"gantry/transfer/custody"
	"gantry/transfer/manifest/mhl"
)

// keepHistories takes those ASC MHL histories off the plan that are longer at the
// destination, or others there: what a destination knows is not forgotten because a
// copy comes from somebody who knows less.
func (c *copier) keepHistories(ctx context.Context, pairs []pair) ([]pair, error) {
	if c.hop.on || c.to.Traits().WriteOnly || c.packing.any() {
		return pairs, nil
	}
	var kept []string // folders of histories that stay, at the source
	for _, p := range pairs {
		at := path.Dir(p.Source)
		if path.Base(p.Source) != mhl.ChainFile || path.Base(at) != mhl.Folder || path.Base(p.Destination) != mhl.ChainFile {
			continue
		}
		there := path.Dir(p.Destination)
		order, ours, theirs, err := custody.Compare(ctx, c.from.patient, parent(at), c.to.patient, parent(there))
		if custody.FaultOf(err) != "" || connectors.KindOf(err) == connectors.KindUnsupported {
			continue // a file like any other
		}
		if err != nil {
			return nil, err
		}
		why := ""
		switch order {
		case custody.Behind:
			why = fmt.Sprintf("it has %s, the source's %d", count(theirs, "generation"), ours)
		case custody.Diverged:
			why = "it is another one than the source's"
		default:
			continue
		}
		kept = append(kept, at+"/")
		c.keptHistories = append(c.keptHistories, keptHistory{there, why})
	}
	if len(kept) == 0 {
		return pairs, nil
	}
	return slices.DeleteFunc(pairs, func(p pair) bool {
		return slices.ContainsFunc(kept, func(folder string) bool { return strings.HasPrefix(p.Source, folder) })
	}), nil
}

// parent is the folder that a path lies in, "" for the top.
func parent(p string) string { return strings.TrimPrefix(path.Dir(p), ".") }

// A keptHistory is one that was not copied over.
type keptHistory struct {
	Path   string `json:"path"`
	Reason string `json:"reason"`
}

func (h keptHistory) tell(w io.Writer) {
	fmt.Fprintf(w, "note: the history in %s stays: %s; --manifest adds this copy to it\n", printable(h.Path), h.Reason)
}
