package function

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"gantry/connectors"
	"gantry/orchestrator/catalog"
	"gantry/orchestrator/resources"
	"gantry/transfer"
	"gantry/transfer/agent/wire"
)

// orderQuarantine is a kind of order beside those of the catalogue.
const orderQuarantine = "quarantine"

// EventQueued is the type of the event that there is a new order. Agents that wait
// for work wake up by it.
const EventQueued = "gantry.transfer.queued"

// order puts work for an agent of a site into the catalogue, once for the call's
// key, which becomes the transfer's. The call's result comes when the agent has
// carried it out, by Finish. also runs in the same transaction when the order is
// new; where it fails, there is no order.
func (h *Host) order(ctx context.Context, c Call, site string, o wire.Order, also func(ctx context.Context, tx catalog.Tx, transferID string) error) error {
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
			Status: catalog.TransferQueued, Spec: spec, Total: total, CreatedAt: h.Now(),
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
	case orderQuarantine:
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

// covers tells whether the receipts, which come in the order's order, prove every
// copy that was ordered.
func covers(o wire.Order, receipts []transfer.Receipt) error {
	wanted := make([][]wire.PlaceRef, 0, len(o.Files)+len(o.Documents))
	for _, f := range o.Files {
		wanted = append(wanted, f.Destinations)
	}
	for _, d := range o.Documents {
		wanted = append(wanted, d.Destinations)
	}
	for i, places := range wanted {
		for _, place := range places {
			if i >= len(receipts) || !slices.ContainsFunc(receipts[i].Copies, func(c transfer.Copy) bool {
				return c.Location == place.Location && c.Path == place.Path && c.Proof != ""
			}) {
				return &connectors.Error{
					Kind: connectors.KindInvalid, Op: "take receipts", Path: place.Location + ":" + place.Path,
					Err: errors.New("no receipt proves this copy"), Remedy: "is the agent of the hub's version?",
				}
			}
		}
	}
	return nil
}

// A Proved is a file at its destination.
type Proved struct {
	Location string             `json:"location"`
	Path     string             `json:"path"`
	Size     int64              `json:"size"`
	Digests  connectors.Digests `json:"digests"`
	Proof    string             `json:"proof"`
}

// provedBy lists the copies that a receipt proves.
func provedBy(r transfer.Receipt) []Proved {
	proved := make([]Proved, len(r.Copies))
	for i, c := range r.Copies {
		proved[i] = Proved{Location: c.Location, Path: c.Path, Size: r.Size, Digests: r.Digests, Proof: string(c.Proof)}
	}
	return proved
}

// refs names files without their proofs, as steps take them.
func refs(files []Proved) []wire.FileRef {
	named := make([]wire.FileRef, len(files))
	for i, f := range files {
		named[i] = wire.FileRef{Location: f.Location, Path: f.Path, Size: f.Size, Digests: f.Digests}
	}
	return named
}

// weakest names the proof that all files have at least.
func weakest(files []Proved) string {
	for _, proof := range []transfer.Proof{transfer.ProofSize, transfer.ProofReadback} {
		if slices.ContainsFunc(files, func(f Proved) bool { return f.Proof == string(proof) }) {
			return string(proof)
		}
	}
	return string(transfer.ProofNative)
}

// copies records every copy of the receipts in the catalogue, for an asset.
func (h *Host) copies(ctx context.Context, tx catalog.Tx, t catalog.Transfer, kind, renditionID string, receipts []transfer.Receipt) ([]Proved, error) {
	set := h.Resources.Current()
	var proved []Proved
	for _, r := range receipts {
		for _, p := range provedBy(r) {
			proved = append(proved, p)
			if t.AssetID == "" {
				continue // the catalogue keeps copies of assets only
			}
			if _, err := tx.PutCopy(ctx, catalog.Copy{
				ID: catalog.NewID(catalog.PrefixCopy, h.Now()), AssetID: t.AssetID, RenditionID: renditionID, Location: p.Location, Path: p.Path, Size: p.Size,
				Digests: p.Digests, Proof: p.Proof, Tier: set.Locations[p.Location].Tier, Kind: kind, VerifiedAt: r.Finished,
			}); err != nil {
				return nil, err
			}
		}
	}
	return proved, nil
}

// original is the asset's rendition as it arrived.
func original(ctx context.Context, r catalog.Reader, asset string) (catalog.Rendition, error) {
	return r.Rendition(ctx, asset, resources.ProfileOriginal)
}
