package main

import (
	"context"
	"errors"
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
	var folders []string // folders of histories that stay, at the source
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
		kept := keptHistory{Path: there}
		switch order {
		case custody.Behind:
			kept.Reason = fmt.Sprintf("it has %s, the source's %d", count(theirs, "generation"), ours)
		case custody.Diverged:
			kept.Reason, kept.Parted = "it is another one than the source's", true
		default:
			continue
		}
		folders = append(folders, at+"/")
		c.keptHistories = append(c.keptHistories, kept)
	}
	if len(folders) == 0 {
		return pairs, nil
	}
	return slices.DeleteFunc(pairs, func(p pair) bool {
		return slices.ContainsFunc(folders, func(folder string) bool { return strings.HasPrefix(p.Source, folder) })
	}), nil
}

// parent is the folder that a path lies in, "" for the top.
func parent(p string) string { return strings.TrimPrefix(path.Dir(p), ".") }

// A keptHistory is one that was not copied over.
type keptHistory struct {
	Path   string `json:"path"`
	Reason string `json:"reason"`
	Parted bool   `json:"parted,omitempty"` // from the source's, which is not there now
}

func (h keptHistory) tell(w io.Writer) {
	fmt.Fprintf(w, "note: the history in %s stays: %s; --manifest adds this copy to it\n", printable(h.Path), h.Reason)
}

// parted tells of the histories of the source that were to be copied, and are not: what
// the destination has does not say what they say.
func (c *copier) parted() error {
	var failures []error
	for _, h := range c.keptHistories {
		if h.Parted {
			failures = append(failures, fmt.Errorf("the source's history was not copied: the one in %s has parted from it: compare the two, and move the wrong one away, or add this copy to it with --manifest", printable(h.Path)))
		}
	}
	if len(failures) == 0 {
		return nil
	}
	return coded(exitFailed, errors.Join(failures...))
}
