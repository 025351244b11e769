package dispatch

import (
	"context"
	"encoding/json"

	"gantry/orchestrator/catalog"
	"gantry/transfer/agent/wire"
)

// WorkflowInput is what a workflow that a route starts is given.
type WorkflowInput struct {
	Asset  InputAsset   `json:"asset"`
	Source wire.FileRef `json:"source"`
}

// InputAsset is the asset in a WorkflowInput.
type InputAsset struct {
	ID    string `json:"id"`
	Name  string `json:"name"`
	Site  string `json:"site"`
	Route string `json:"route"`
}

func (d *Desk) begin(ctx context.Context, tx catalog.Tx, workflow string, a catalog.Asset, source wire.FileRef) error {
	input, err := json.Marshal(WorkflowInput{Asset: InputAsset{ID: a.ID, Name: a.Name, Site: a.Site, Route: a.Route}, Source: source})
	if err != nil {
		return err
	}
	if err := d.Runs.Begin(ctx, tx, catalog.PrefixRun+"_"+a.ArrivalID, workflow, a.ID, input); err != nil {
		return err
	}
	_, err = tx.UpdateAsset(ctx, a.ID, func(a *catalog.Asset) error {
		a.Status = catalog.AssetProcessing
		return nil
	})
	return err
}
