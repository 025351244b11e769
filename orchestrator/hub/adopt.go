package hub

import (
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"gantry/orchestrator/catalog"
	"gantry/orchestrator/resources"
)

// errDryRun undoes a transaction that was only a question.
var errDryRun = errors.New("dry run")

// adopt gives what a set of resources says to the engine and the catalogue, and
// refuses a set whose workflows cannot run.
func (h *Hub) adopt(now func() time.Time) resources.Adopt {
	return func(ctx context.Context, set *resources.Set, dryRun bool) error {
		err := h.Store.Write(ctx, func(ctx context.Context, tx catalog.Tx) error {
			if err := h.register(ctx, tx, set); err != nil {
				return err
			}
			if err := record(ctx, tx, set, now()); err != nil {
				return err
			}
			if dryRun {
				return errDryRun
			}
			return nil
		})
		if errors.Is(err, errDryRun) {
			return nil
		}
		return err
	}
}

// register keeps the workflows that are new; all mistakes come back at once.
func (h *Hub) register(ctx context.Context, tx catalog.Tx, set *resources.Set) error {
	var problems []error
	for _, name := range inOrder(set.Workflows) {
		w := set.Workflows[name]
		_, err := h.engine.RegisterIn(ctx, tx, w.Source)
		if errors.Is(err, catalog.ErrBusy) {
			return err
		}
		if err != nil {
			problems = append(problems, w.Place(err))
		}
		if wrong := checkArguments(w.Source, h.functions, set); len(wrong) > 0 {
			problems = append(problems, w.Place(wrong))
		}
	}
	return errors.Join(problems...)
}

// record keeps sites and locations in the catalogue.
func record(ctx context.Context, tx catalog.Tx, set *resources.Set, now time.Time) error {
	for _, s := range set.Sites {
		if err := tx.PutSite(ctx, catalog.Site{Name: s.Name, Title: s.Title}); err != nil {
			return err
		}
	}
	for _, l := range set.Locations {
		if err := tx.PutLocation(ctx, catalog.Location{Name: l.Name, Site: l.Site, URL: l.URL, Tier: l.Tier, UpdatedAt: now}); err != nil {
			return err
		}
	}
	return nil
}

// inOrder names workflows so that each comes after those that it runs, and the same
// ones always in the same order.
func inOrder(workflows map[string]resources.Workflow) []string {
	var (
		order []string
		seen  = map[string]bool{}
		visit func(name string)
	)
	visit = func(name string) {
		w, ok := workflows[name]
		if !ok || seen[name] {
			return
		}
		seen[name] = true
		for _, used := range w.Definition.Workflows() {
			visit(used.Name)
		}
		order = append(order, name)
	}
	for _, name := range slices.Sorted(maps.Keys(workflows)) {
		visit(name)
	}
	return order
}
