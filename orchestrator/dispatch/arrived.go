package dispatch

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path"
	"slices"

	"gantry/connectors"
	"gantry/orchestrator/catalog"
	"gantry/orchestrator/resources"
	"gantry/transfer"
	"gantry/transfer/agent/wire"
)

// arrived registers the asset with its original and its copies, and starts the
// route's workflow.
func (d *Desk) arrived(ctx context.Context, tx catalog.Tx, batch wire.EventBatch, e wire.Event, a wire.Arrival) error {
	set, now := d.Resources.Current(), d.Now()
	route, known := set.Routes[a.Route]
	reason := ""
	if !known {
		reason = fmt.Sprintf("there is no Route %q any more, so no workflow was started: start one with gantry run start WORKFLOW --asset ID", a.Route)
	}
	d.recordings.ended(batch.Site, a.Route, a.Path)
	asset, isNew, err := tx.RegisterAsset(ctx, catalog.Asset{
		ID: catalog.NewID(catalog.PrefixAsset, now), Name: path.Base(a.Path), Site: batch.Site, Route: a.Route, ArrivalID: a.ID,
		SourcePath: a.Path, Labels: route.Labels, Size: a.Receipt.Size, Digests: a.Receipt.Digests, Status: catalog.AssetArrived, Reason: reason, Workflow: route.Workflow,
		RecordedAt: a.LastChange, FirstSeenAt: a.FirstSeen, ArrivedAt: now, UpdatedAt: now,
	})
	if err != nil || !isNew {
		return err
	}
	if _, err := d.log(ctx, tx, e, asset.ID); err != nil {
		return err
	}
	if err := d.moved(ctx, tx, batch, a, asset); err != nil {
		return err
	}
	if err := d.keep(ctx, tx, a, asset); err != nil || route.Workflow == "" {
		return err
	}
	c := a.Receipt.Copies[0]
	return d.begin(ctx, tx, route.Workflow, asset, wire.FileRef{Location: c.Location, Path: c.Path, Size: asset.Size, Digests: asset.Digests})
}

// proofs are those that a copy can have.
var proofs = []transfer.Proof{transfer.ProofNative, transfer.ProofReadback, transfer.ProofSize}

// usable tells whether an arrival can be registered at all.
func usable(a wire.Arrival) error {
	if a.ID == "" {
		return errors.New("the arrival has no id")
	}
	if _, err := connectors.CleanPath(a.Path); err != nil {
		return err
	}
	if len(a.Receipt.Copies) == 0 || a.Receipt.Size < 0 {
		return errors.New("its receipt names no copy")
	}
	for _, c := range a.Receipt.Copies {
		if _, err := connectors.CleanPath(c.Path); err != nil {
			return err
		}
		if c.Location == "" || !slices.Contains(proofs, c.Proof) {
			return fmt.Errorf("its receipt has a copy without a location, or proved by %q", c.Proof)
		}
	}
	return nil
}

// keep registers the original and its copies.
func (d *Desk) keep(ctx context.Context, tx catalog.Tx, a wire.Arrival, asset catalog.Asset) error {
	set, now := d.Resources.Current(), d.Now()
	original, err := tx.PutRendition(ctx, catalog.Rendition{
		ID: catalog.NewID(catalog.PrefixRendition, now), AssetID: asset.ID, Profile: resources.ProfileOriginal, Path: a.Receipt.Copies[0].Path, Files: 1, Size: asset.Size, CreatedAt: now,
	})
	if err != nil {
		return err
	}
	for _, c := range a.Receipt.Copies {
		if _, err := tx.PutCopy(ctx, catalog.Copy{
			ID: catalog.NewID(catalog.PrefixCopy, now), AssetID: asset.ID, RenditionID: original.ID, Location: c.Location, Path: c.Path,
			Size: asset.Size, Digests: asset.Digests, Proof: string(c.Proof), Tier: set.Locations[c.Location].Tier, Kind: catalog.CopyHot, VerifiedAt: a.Receipt.Finished,
		}); err != nil {
			return err
		}
	}
	return nil
}

// moved records the move that the agent made by itself.
func (d *Desk) moved(ctx context.Context, tx catalog.Tx, batch wire.EventBatch, a wire.Arrival, asset catalog.Asset) error {
	receipts, err := json.Marshal([]any{a.Receipt})
	if err != nil {
		return err
	}
	id, err := d.ingest(ctx, tx, move{batch.Agent, batch.Site, a.Route, a.Path, cmp.Or(a.Followed, a.ID)})
	if err != nil {
		return err
	}
	_, err = tx.UpdateTransfer(ctx, id, func(t *catalog.Transfer) error {
		t.Status, t.AssetID, t.Receipts, t.Error = catalog.TransferDone, asset.ID, receipts, ""
		t.Stop()
		t.Done, t.Total, t.StartedAt, t.EndedAt = asset.Size, asset.Size, a.Receipt.Started, a.Receipt.Finished
		return nil
	})
	return err
}
