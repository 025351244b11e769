package main

import (
	"context"

	"gantry/connectors"
)

// manyFiles is from how many files on the destination is listed once, instead of
// being asked for each of them.
const manyFiles = 16

// holdings are the sizes of those files of a copy that its destination lists. nil
// is what is not known.
type holdings map[string]int64

// mayHold tells whether it is worth comparing a file with what is there.
func (h holdings) mayHold(p pair) bool {
	if h == nil {
		return true
	}
	size, ok := h[p.Destination]
	return ok && size == p.Size
}

// holdings lists the destination, where that is cheaper than to ask for each file
// and names are what they seem. A file that is there and not listed is sent again.
func (c *copier) holdings(ctx context.Context, pairs []pair) (holdings, error) {
	traits := c.to.Traits()
	if len(pairs) < manyFiles || traits.WriteOnly || traits.FoldsCase || traits.FoldsUnicode {
		return nil, nil
	}
	wanted := make(map[string]bool, len(pairs))
	for _, p := range pairs {
		wanted[p.Destination] = true
	}
	found := holdings{}
	strangers := 0
	for e, err := range c.to.patient.List(ctx, c.to.path) {
		switch {
		case connectors.KindOf(err) == connectors.KindNotFound && len(found) == 0:
			return found, nil
		case err != nil:
			return nil, context.Cause(ctx) // one by one, then
		case wanted[e.Path]:
			found[e.Path] = e.Size
		default:
			strangers++
		}
		if strangers > 8*len(pairs)+1000 {
			return nil, nil
		}
	}
	return found, nil
}
