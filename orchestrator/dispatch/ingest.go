package dispatch

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"gantry/orchestrator/catalog"
	"gantry/transfer/agent/wire"
)

// A move is one that an agent makes by itself.
type move struct{ agent, site, route, path, arrival string }

// growingKey is the key of a file's row while it grows: it has no version yet.
func (m move) growingKey() string { return "growing/" + m.site + "/" + m.route + "/" + m.path }

func (m move) key() string { return "arrival/" + m.arrival }

// ingest finds or makes the row of a move and gives its ID. The row of a growing
// file becomes that of the version that it grew to.
func (d *Desk) ingest(ctx context.Context, tx catalog.Tx, m move) (id string, err error) {
	known, err := tx.TransferByKey(ctx, m.key())
	if !errors.Is(err, catalog.ErrNotFound) {
		return known.ID, err
	}
	growing, err := tx.TransferByKey(ctx, m.growingKey())
	if errors.Is(err, catalog.ErrNotFound) {
		return d.row(ctx, tx, m, m.key())
	}
	if err != nil {
		return "", err
	}
	_, err = tx.UpdateTransfer(ctx, growing.ID, func(t *catalog.Transfer) error {
		t.Key = m.key()
		return nil
	})
	return growing.ID, err
}

func (d *Desk) row(ctx context.Context, tx catalog.Tx, m move, key string) (id string, err error) {
	spec, err := json.Marshal(map[string]string{"route": m.route, "path": m.path})
	if err != nil {
		return "", err
	}
	now := d.Now()
	t, _, err := tx.AddTransfer(ctx, catalog.Transfer{
		ID: catalog.NewID(catalog.PrefixTransfer, now), Key: key, Kind: catalog.TransferIngest, Site: m.site, Status: catalog.TransferMoving,
		Agent: m.agent, Spec: spec, CreatedAt: now, StartedAt: now,
	})
	return t.ID, err
}

// Progressing notes how far a move of an agent's own is. A snapshot that comes after
// the end changes nothing.
func (d *Desk) Progressing(ctx context.Context, id string, p wire.ArrivalProgress) error {
	if err := introduced(p.Agent, p.Site); err != nil {
		return err
	}
	d.Heard(p.Agent, p.Site)
	m := move{p.Agent, p.Site, p.Route, p.Path, id}
	return d.Store.Write(ctx, func(ctx context.Context, tx catalog.Tx) (err error) {
		var row string
		if p.Phase == wire.PhaseGrowing {
			row, err = d.row(ctx, tx, m, m.growingKey())
		} else {
			row, err = d.ingest(ctx, tx, m)
		}
		if err != nil {
			return err
		}
		_, err = tx.UpdateTransfer(ctx, row, func(t *catalog.Transfer) error {
			if t.Status == catalog.TransferDone {
				return nil // a late snapshot
			}
			t.Status, t.Phase, t.Error = catalog.TransferMoving, p.Phase, ""
			t.Done, t.Total = p.Transfer.Done, max(p.Size, p.Transfer.Total)
			return nil
		})
		return err
	})
}

// failed shows an arrival that could not be moved.
func (d *Desk) failed(ctx context.Context, tx catalog.Tx, batch wire.EventBatch, e wire.Event, f wire.ArrivalFailure) error {
	if isNew, err := d.log(ctx, tx, e, f.ID); err != nil || !isNew {
		return err
	}
	id, err := d.ingest(ctx, tx, move{batch.Agent, batch.Site, f.Route, f.Path, f.ID})
	if err != nil {
		return err
	}
	_, err = tx.UpdateTransfer(ctx, id, func(t *catalog.Transfer) error {
		if t.Status != catalog.TransferDone {
			t.Status, t.Error, t.EndedAt, t.Phase = catalog.TransferFailed, fmt.Sprintf("%s: %s", f.Path, f.Error), d.Now(), ""
		}
		return nil
	})
	return err
}
