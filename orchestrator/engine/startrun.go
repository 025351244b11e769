package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"gantry/orchestrator/catalog"
	"gantry/orchestrator/flow"
)

// StartRun says what to run.
type StartRun struct {
	ID       string          // the run's ID: one that is known starts nothing; "" for a new one
	Workflow string          // name, namespace/name or namespace/name:version; the newest version by default
	Input    json.RawMessage // empty is null
	Asset    string          // ID of the asset that the run is about; may be empty
}

// StartRun starts a run in the caller's transaction and gives its ID.
func (e *Engine) StartRun(ctx context.Context, tx catalog.Tx, r StartRun) (string, error) {
	if r.ID != "" {
		_, err := tx.Run(ctx, r.ID)
		if !errors.Is(err, catalog.ErrNotFound) {
			return r.ID, err
		}
	}
	ref, err := find(ctx, tx.Reader, r.Workflow)
	if err != nil {
		return "", err
	}
	if r.ID == "" {
		r.ID = catalog.NewID(catalog.PrefixRun, e.now())
	}
	c := e.change(tx)
	run := catalog.Run{ID: r.ID, AssetID: r.Asset, Input: r.Input}
	if err := c.start(ctx, run, ref); err != nil {
		return "", err
	}
	return r.ID, c.carryOut(ctx)
}

// find gives the workflow that a name stands for.
func find(ctx context.Context, r catalog.Reader, name string) (flow.WorkflowRef, error) {
	rest, version, _ := strings.Cut(name, ":")
	namespace, name, qualified := strings.Cut(rest, "/")
	if !qualified {
		name = rest
		var err error
		if namespace, err = namespaceOf(ctx, r, name); err != nil {
			return flow.WorkflowRef{}, err
		}
	}
	return newest(ctx, r, flow.WorkflowRef{Namespace: namespace, Name: name, Version: version})
}

// newest puts the newest version in for none.
func newest(ctx context.Context, r catalog.Reader, ref flow.WorkflowRef) (flow.WorkflowRef, error) {
	if ref.Version == "latest" {
		ref.Version = ""
	}
	w, err := r.Workflow(ctx, ref.Namespace, ref.Name, ref.Version)
	if err != nil {
		return ref, fmt.Errorf("register it first: %w", err)
	}
	ref.Version = w.Version
	return ref, nil
}

func namespaceOf(ctx context.Context, r catalog.Reader, name string) (string, error) {
	all, err := r.Workflows(ctx)
	if err != nil {
		return "", err
	}
	found := map[string]bool{}
	namespace := ""
	for _, w := range all {
		if w.Name == name {
			found[w.Namespace], namespace = true, w.Namespace
		}
	}
	switch len(found) {
	case 0:
		return "", fmt.Errorf("workflow %s: %w: register it first", name, catalog.ErrNotFound)
	case 1:
		return namespace, nil
	default:
		return "", fmt.Errorf("workflow %s is in more than one namespace: %w: write namespace/%s", name, catalog.ErrConflict, name)
	}
}
