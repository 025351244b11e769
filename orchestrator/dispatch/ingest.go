package dispatch

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"gantry/orchestrator/catalog"
	"gantry/transfer"
	"gantry/transfer/agent/wire"
)

// A move is one that an agent makes by itself.
type move struct{ agent, site, route, path, arrival string }

// ingest finds or makes the row of a move and gives its ID.
func (d *Desk) ingest(ctx context.Context, tx catalog.Tx, m move) (id string, err error) {
	route := d.Resources.Current().Routes[m.route]
	spec, err := json.Marshal(map[string]string{"route": m.route, "path": m.path, "from": route.From, "to": route.To})
	if err != nil {
		return "", err
	}
	now := d.Now()
	t, _, err := tx.AddTransfer(ctx, catalog.Transfer{
		ID: catalog.NewID(catalog.PrefixTransfer, now), Key: "arrival/" + m.arrival, Kind: catalog.TransferIngest, Site: m.site, Status: catalog.TransferMoving,
		Agent: m.agent, Spec: spec, CreatedAt: now, StartedAt: now,
	})
	return t.ID, err
}

// Progressing notes how far a move of an agent's own is, or how far a file has
// grown that is not moved yet. A snapshot from before the end changes nothing; one
// from after a failure tells that the move is tried again.
func (d *Desk) Progressing(ctx context.Context, id string, p wire.ArrivalProgress) error {
	if err := introduced(p.Agent, p.Site); err != nil {
		return err
	}
	d.Heard(p.Agent, p.Site)
	if p.Phase == wire.PhaseGrowing {
		d.recordings.note(p, d.Now())
		return nil
	}
	d.recordings.ended(p.Site, p.Route, p.Path)
	return d.Store.Write(ctx, func(ctx context.Context, tx catalog.Tx) error {
		row, err := d.ingest(ctx, tx, move{p.Agent, p.Site, p.Route, p.Path, id})
		if err != nil {
			return err
		}
		_, err = tx.UpdateTransfer(ctx, row, func(t *catalog.Transfer) error {
			late := t.Status == catalog.TransferFailed && !p.At.After(t.EndedAt)
			if t.Status == catalog.TransferDone || t.Status == catalog.TransferCancelled || late {
				return nil
			}
			t.Status, t.Phase, t.Error, t.EndedAt = catalog.TransferMoving, p.Phase, "", time.Time{}
			if p.Phase == wire.PhaseQueued {
				queued(t, p)
				return nil
			}
			return moving(t, p)
		})
		return err
	})
}

// queued takes over what an arrival waits for. What was moved of it before stays told.
func queued(t *catalog.Transfer, p wire.ArrivalProgress) {
	t.Total, t.Rate, t.Waiting = max(p.Size, t.Total), 0, p.Transfer.Waiting
	t.Priority, t.Deadline = p.Transfer.Priority, p.Transfer.Deadline
}

// moving takes over how far an arrival is.
func moving(t *catalog.Transfer, p wire.ArrivalProgress) (err error) {
	now := p.Transfer
	t.Done, t.Total, t.Rate, t.Waiting = now.Done, max(p.Size, now.Total), now.Rate, now.Waiting
	if len(now.Destinations) > 0 {
		t.Done = now.Sent
	}
	t.Priority, t.Deadline = now.Priority, now.Deadline
	t.Progress, err = json.Marshal(wire.Moving{
		ETA: now.ETA, Resumed: now.Resumed, Parts: now.Parts, PartsTotal: now.PartsTotal, Retries: now.Retries, Resent: now.Resent, Running: []transfer.Progress{now},
	})
	return err
}

// failed shows an arrival that could not be moved. It ended when the agent says, by
// the clock that dates its snapshots.
func (d *Desk) failed(ctx context.Context, tx catalog.Tx, batch wire.EventBatch, e wire.Event, f wire.ArrivalFailure) error {
	if isNew, err := d.log(ctx, tx, e, f.ID); err != nil || !isNew {
		return err
	}
	id, err := d.ingest(ctx, tx, move{batch.Agent, batch.Site, f.Route, f.Path, f.ID})
	if err != nil {
		return err
	}
	_, err = tx.UpdateTransfer(ctx, id, func(t *catalog.Transfer) error {
		if t.Status != catalog.TransferDone && t.Status != catalog.TransferCancelled {
			t.Status, t.Error, t.EndedAt = catalog.TransferFailed, fmt.Sprintf("%s: %s", f.Path, f.Error), e.Time
			t.Stop()
		}
		return nil
	})
	return err
}
