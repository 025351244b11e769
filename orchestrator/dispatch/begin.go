package dispatch

import (
	"context"
	"encoding/json"
	"errors"
	"strings"

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

// begin starts the workflow. The asset is marked first: the run may end in the
// transaction that starts it. A workflow that cannot be started is the asset's
// trouble, and never holds up what arrives after it.
func (d *Desk) begin(ctx context.Context, tx catalog.Tx, workflow string, a catalog.Asset, source wire.FileRef) error {
	input, err := json.Marshal(WorkflowInput{Asset: InputAsset{ID: a.ID, Name: a.Name, Site: a.Site, Route: a.Route}, Source: source})
	if err != nil {
		return err
	}
	if err := d.stand(ctx, tx, a.ID, catalog.AssetProcessing, ""); err != nil {
		return err
	}
	err = d.Runs.Begin(ctx, tx, runOf(a), workflow, a.ID, input)
	if errors.Is(err, catalog.ErrNotFound) {
		return d.stand(ctx, tx, a.ID, catalog.AssetFailed, err.Error())
	}
	return err
}

// runOf names an asset's first run after it, so that runs sort by their time.
func runOf(a catalog.Asset) string {
	return catalog.PrefixRun + strings.TrimPrefix(a.ID, catalog.PrefixAsset)
}

func (d *Desk) stand(ctx context.Context, tx catalog.Tx, asset, status, reason string) error {
	_, err := tx.UpdateAsset(ctx, asset, func(a *catalog.Asset) error {
		a.Status, a.Reason, a.UpdatedAt = status, reason, d.Now()
		return nil
	})
	return err
}
