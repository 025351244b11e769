package function

import (
	"context"

	"gantry/orchestrator/catalog"
	"gantry/orchestrator/resources"
)

// A bench is what a step that makes renditions works with.
type bench struct {
	asset catalog.Asset
	to    resources.Location // where renditions are kept
	file  string             // the source, on this machine
	dir   string             // for what is made
	clear func()             // removes dir and what was fetched
}

// bench prepares the work on a source.
func (h *Host) bench(ctx context.Context, c Call, source Source) (b bench, err error) {
	if b.asset, err = h.asset(ctx, c); err != nil {
		return b, err
	}
	if b.to, err = h.withRole(resources.RoleRenditions, h.Files.Site); err != nil {
		return b, err
	}
	file, done, err := h.Files.Local(ctx, c.Key, source, c.Progress)
	if err != nil {
		return b, err
	}
	b.file = file
	b.clear = func() {
		done()
		h.Files.Clear(c.Key)
	}
	if b.dir, err = h.Files.Folder(c.Key); err != nil {
		b.clear()
		return b, err
	}
	return b, nil
}
