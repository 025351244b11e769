package hub

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"gantry/connectors"
	"gantry/orchestrator/catalog"
	"gantry/orchestrator/dispatch"
	"gantry/orchestrator/engine"
	"gantry/orchestrator/flow"
	"gantry/orchestrator/resources"
	"gantry/transfer/agent/wire"
)

// runs starts and ends runs, for the API and for the desk.
type runs struct {
	store  *catalog.Store
	engine *engine.Engine
	now    func() time.Time

	resources *resources.Store
}

// Begin starts the workflow for an asset, once for an ID. A workflow that is not
// applied is a [catalog.Missing].
func (r *runs) Begin(ctx context.Context, tx catalog.Tx, id, workflow, asset string, input json.RawMessage) error {
	workflow, err := applied(r.resources.Current(), workflow)
	if err != nil {
		return err
	}
	_, err = r.engine.StartRun(ctx, tx, engine.StartRun{ID: id, Workflow: workflow, Asset: asset, Input: input})
	return err
}

// Resolve hands in the result of a step that waits for one.
func (r *runs) Resolve(ctx context.Context, tx catalog.Tx, run, key string, output json.RawMessage, fault *flow.Error) error {
	return r.engine.Resolve(ctx, tx, run, key, output, fault)
}

// Start starts a workflow as it is applied now. Without an input, the asset's
// original becomes it.
func (r *runs) Start(ctx context.Context, workflow, asset string, input []byte) (id string, err error) {
	if workflow, err = applied(r.resources.Current(), workflow); err != nil {
		return "", err
	}
	err = r.store.Write(ctx, func(ctx context.Context, tx catalog.Tx) error {
		if asset != "" && len(input) == 0 {
			if input, err = inputOf(ctx, tx.Reader, asset); err != nil {
				return err
			}
		}
		id, err = r.start(ctx, tx, engine.StartRun{Workflow: workflow, Asset: asset, Input: input})
		return err
	})
	return id, err
}

// start marks the asset first: the run may end in the transaction that starts it.
func (r *runs) start(ctx context.Context, tx catalog.Tx, s engine.StartRun) (string, error) {
	if s.Asset != "" {
		if err := processing(ctx, tx, s.Asset, r.now()); err != nil {
			return "", err
		}
	}
	return r.engine.StartRun(ctx, tx, s)
}

// Retry starts the workflow of a run that ended again, as it is applied now and with
// the same input.
func (r *runs) Retry(ctx context.Context, id string) (again string, err error) {
	err = r.store.Write(ctx, func(ctx context.Context, tx catalog.Tx) error {
		old, err := tx.Run(ctx, id)
		if err != nil {
			return err
		}
		if !old.Ended() {
			return &connectors.Error{Kind: connectors.KindInvalid, Op: "retry", Path: id, Err: fmt.Errorf("the run is %s", old.Status), Remedy: "cancel it first: gantry run cancel " + id}
		}
		workflow, err := applied(r.resources.Current(), old.Workflow)
		if err != nil {
			return err
		}
		again, err = r.start(ctx, tx, engine.StartRun{Workflow: workflow, Asset: old.AssetID, Input: old.Input})
		return err
	})
	return again, err
}

// Cancel ends a run.
func (r *runs) Cancel(ctx context.Context, id, reason string) error {
	return r.engine.Cancel(ctx, id, reason)
}

func processing(ctx context.Context, tx catalog.Tx, asset string, now time.Time) error {
	_, err := tx.UpdateAsset(ctx, asset, func(a *catalog.Asset) error {
		a.Status, a.Reason, a.UpdatedAt = catalog.AssetProcessing, "", now
		return nil
	})
	return catalog.NotThere(err, "asset", asset)
}

// inputOf makes the input that a route gives a workflow.
func inputOf(ctx context.Context, r catalog.Reader, id string) ([]byte, error) {
	a, err := r.Asset(ctx, id)
	if err != nil {
		return nil, catalog.NotThere(err, "asset", id)
	}
	original, err := r.Rendition(ctx, id, resources.ProfileOriginal)
	if err != nil {
		return nil, catalog.NotThere(err, "original of asset", id)
	}
	copies, err := r.Copies(ctx, catalog.CopyFilter{RenditionID: original.ID, Kind: []string{catalog.CopyHot}})
	if err != nil {
		return nil, err
	}
	if len(copies) == 0 {
		return nil, &catalog.Missing{What: "hot copy of asset", ID: id, Hint: "restore one, or give the run an input of its own"}
	}
	c := copies[0]
	return json.Marshal(dispatch.WorkflowInput{
		Asset:  dispatch.InputAsset{ID: a.ID, Name: a.Name, Site: a.Site, Route: a.Route},
		Source: wire.FileRef{Location: c.Location, Path: c.Path, Size: c.Size, Digests: c.Digests},
	})
}

// runEnded ends the orders that the run still has under way, and settles what its
// end means for its asset.
func (h *Hub) runEnded(now func() time.Time) func(ctx context.Context, tx catalog.Tx, run catalog.Run) error {
	return func(ctx context.Context, tx catalog.Tx, run catalog.Run) error {
		if err := h.desk.Abandon(ctx, tx, run.ID, "the run "+run.ID+" is "+run.Status); err != nil {
			return err
		}
		if run.AssetID == "" || run.ParentID != "" {
			return nil
		}
		_, err := tx.UpdateAsset(ctx, run.AssetID, func(a *catalog.Asset) error {
			a.Status, a.Reason = outcome(*a, run)
			a.UpdatedAt = now()
			return nil
		})
		return err
	}
}

// outcome gives how an asset stands after a run.
func outcome(a catalog.Asset, run catalog.Run) (status, reason string) {
	switch {
	case run.Status == catalog.RunFailed:
		return catalog.AssetFailed, faultText(run.Error)
	case run.Status == catalog.RunCancelled:
		return catalog.AssetFailed, "the run was cancelled"
	case a.Status == catalog.AssetQuarantined:
		return a.Status, a.Reason
	case a.LiveAt.IsZero():
		return catalog.AssetReady, ""
	default:
		return catalog.AssetPublished, ""
	}
}

func faultText(data json.RawMessage) string {
	var fault flow.Error
	if err := json.Unmarshal(data, &fault); err != nil {
		return string(data)
	}
	return fault.Error()
}
