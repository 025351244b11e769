package function

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"gantry/orchestrator/catalog"
	"gantry/transfer"
	"gantry/transfer/agent/wire"
)

// EventQueued is the type of the event that there is a new order. Agents that wait
// for work wake up by it.
const EventQueued = "gantry.transfer.queued"

// order puts work for an agent of a site into the catalogue, once for the call's
// key, which becomes the transfer's. The call's result comes when the agent has
// carried it out, by Finish. also runs in the same transaction when the order is
// new; where it fails, there is no order.
func (h *Host) order(ctx context.Context, c Call, site string, o wire.Order, also func(ctx context.Context, tx catalog.Tx, transferID string) error) error {
	if err := h.reached(site, o); err != nil {
		return err
	}
	if err := h.packed(o); err != nil {
		return err
	}
	o.Key = c.Key
	if o.Manifest != nil {
		o.Manifest.Created = h.Now().UTC().Truncate(time.Second)
	}
	total := int64(0)
	for _, f := range o.Files {
		total += f.Source.Size * int64(len(f.Destinations))
	}
	spec, err := json.Marshal(o)
	if err != nil {
		return err
	}
	err = h.Store.Write(ctx, func(ctx context.Context, tx catalog.Tx) error {
		t, added, err := tx.AddTransfer(ctx, catalog.Transfer{
			ID: catalog.NewID(catalog.PrefixTransfer, h.Now()), Key: o.Key, Kind: o.Kind, Site: site, AssetID: c.Asset, RunID: c.Run,
			Status: catalog.TransferQueued, Spec: spec, Total: total, CreatedAt: h.Now(), Priority: o.Priority, Deadline: o.Deadline,
		})
		if err != nil || !added {
			return err
		}
		if also != nil {
			if err := also(ctx, tx, t.ID); err != nil {
				return err
			}
		}
		return queued(ctx, tx, t)
	})
	if err != nil {
		return err
	}
	return ErrPending
}

// reached refuses an order that a site's agents would carry out in a folder of their
// own machines, although a folder of another site is meant.
func (h *Host) reached(site string, o wire.Order) error {
	var places []string
	for _, f := range o.Files {
		places = append(places, f.Source.Location)
		for _, to := range f.Destinations {
			places = append(places, to.Location)
		}
	}
	for _, name := range places { // documents and the manifest go where files go
		l, err := h.place(name)
		if err != nil {
			return err
		}
		if !l.ReachedFrom(site) {
			return notReached(l, "the agents of "+site)
		}
	}
	return nil
}

func queued(ctx context.Context, tx catalog.Tx, t catalog.Transfer) error {
	data, err := json.Marshal(map[string]string{"transfer": t.ID, "kind": t.Kind, "site": t.Site, "asset": t.AssetID, "run": t.RunID})
	if err != nil {
		return err
	}
	_, _, err = tx.AppendEvent(ctx, catalog.Event{
		ID: catalog.NewID(catalog.PrefixEvent, t.CreatedAt), Type: EventQueued, Source: "/hub", Subject: t.ID, Time: t.CreatedAt, Data: data,
	})
	return err
}

// Finish records what an order's receipts prove, and gives the output of the step
// that placed it. It runs in the transaction that ends the transfer. Receipts that
// do not name all that was ordered are refused as connectors.KindInvalid.
func (h *Host) Finish(ctx context.Context, tx catalog.Tx, t catalog.Transfer, receipts []transfer.Receipt) (json.RawMessage, error) {
	var o wire.Order
	if err := json.Unmarshal(t.Spec, &o); err != nil {
		return nil, fmt.Errorf("read transfer %s: %w", t.ID, err)
	}
	if err := covers(o, receipts); err != nil {
		return nil, err
	}
	var (
		out any
		err error
	)
	switch o.Kind {
	case catalog.TransferDeliver:
		out, err = h.delivered(ctx, tx, t, receipts)
	case catalog.TransferArchive:
		out, err = h.archived(ctx, tx, t, receipts)
	case catalog.TransferQuarantine:
		out, err = h.quarantined(ctx, tx, t, receipts)
	case catalog.TransferTransfer:
		out, err = h.transferred(ctx, tx, t, receipts)
	default:
		err = fmt.Errorf("transfer %s is of an unknown kind %q", t.ID, o.Kind)
	}
	if err != nil {
		return nil, err
	}
	return json.Marshal(out)
}

// Fail records that an order has failed for good, or that nobody wants it any more.
// It runs in the transaction that ends the transfer.
func (h *Host) Fail(ctx context.Context, tx catalog.Tx, t catalog.Transfer, reason string) error {
	if t.Kind != catalog.TransferDeliver {
		return nil
	}
	d, err := deliveryBy(ctx, tx.Reader, t)
	if errors.Is(err, catalog.ErrNotFound) {
		return nil // a later order has taken the delivery over
	}
	if err != nil {
		return err
	}
	_, err = tx.UpdateDelivery(ctx, d.ID, func(d *catalog.Delivery) error {
		d.Status, d.Error = catalog.DeliveryFailed, reason
		return nil
	})
	return err
}

// Again records that an order that has failed is tried anew. It runs in the transaction
// that puts the transfer back. A delivery that another order has taken over meanwhile, or
// that has arrived, is refused as catalog.ErrConflict.
func (h *Host) Again(ctx context.Context, tx catalog.Tx, t catalog.Transfer) error {
	if t.Kind != catalog.TransferDeliver {
		return nil
	}
	d, err := deliveryBy(ctx, tx.Reader, t)
	if errors.Is(err, catalog.ErrNotFound) {
		return fmt.Errorf("%w: another transfer carries out the delivery of %s", catalog.ErrConflict, t.ID)
	}
	if err != nil {
		return err
	}
	_, err = tx.UpdateDelivery(ctx, d.ID, func(d *catalog.Delivery) error {
		d.Status, d.Error = catalog.DeliveryPending, ""
		return nil
	})
	return err
}
