package engine

import (
	"context"
	"fmt"
	"sync"

	"gantry/orchestrator/catalog"
	"gantry/orchestrator/flow"
)

// definitions keeps parsed workflows. A version never changes, so they stay good.
type definitions struct {
	mu sync.Mutex
	by map[flow.WorkflowRef]*flow.Definition
}

// get gives the definition of one version, which is known to the catalogue.
func (d *definitions) get(ctx context.Context, r catalog.Reader, ref flow.WorkflowRef) (*flow.Definition, error) {
	d.mu.Lock()
	def, ok := d.by[ref]
	d.mu.Unlock()
	if ok {
		return def, nil
	}
	stored, err := r.Workflow(ctx, ref.Namespace, ref.Name, ref.Version)
	if err != nil {
		return nil, err
	}
	def, err = flow.Parse([]byte(stored.Source))
	if err != nil {
		return nil, &unreadable{fmt.Errorf("workflow %s/%s %s can no longer be read: %w", ref.Namespace, ref.Name, ref.Version, err)}
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.by == nil {
		d.by = map[flow.WorkflowRef]*flow.Definition{}
	}
	d.by[ref] = def
	return def, nil
}

// An unreadable run can never go on, however often it is tried.
type unreadable struct{ err error }

func (u *unreadable) Error() string { return u.err.Error() }
func (u *unreadable) Unwrap() error { return u.err }
