package function

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"gantry/connectors"
	"gantry/orchestrator/catalog"
	"gantry/orchestrator/resources"
	"gantry/transfer"
)

// DeliverInput names who gets the asset.
type DeliverInput struct {
	Partner string `json:"partner"`
	Urgency
}

// DeliverOutput is the delivery, proved.
type DeliverOutput struct {
	Delivery string   `json:"delivery"` // its ID
	Partner  string   `json:"partner"`
	Location string   `json:"location"`
	Folder   string   `json:"folder"`
	Files    []Proved `json:"files"`
}

func (h *Host) deliver() Function {
	return New("deliver", "Delivers the rendition that a partner wants, with its sidecar and its ASC MHL, once.",
		func(ctx context.Context, c Call, in DeliverInput) (DeliverOutput, error) {
			var out DeliverOutput
			partner, ok := h.Resources.Current().Partners[in.Partner]
			if !ok {
				return out, &Fault{Type: "configuration", Status: 400, Title: fmt.Sprintf("there is no Partner %q", in.Partner), Detail: "apply a Partner of that name, or correct the workflow"}
			}
			p, err := h.parcel(ctx, c, partner)
			if err != nil || p.earlier != nil {
				return p.out(), err
			}
			if err := in.press(&p.order); err != nil {
				return out, err
			}
			return out, h.order(ctx, c, p.site, p.order, func(ctx context.Context, tx catalog.Tx, transferID string) error {
				return h.announce(ctx, tx, p, partner, transferID)
			})
		})
}

// announce adds the delivery, or points one that has failed to the new transfer. One
// that another run carries out, or has carried out meanwhile, is left to that run:
// the next attempt at this step finds it delivered.
func (h *Host) announce(ctx context.Context, tx catalog.Tx, p parcel, partner resources.Partner, transferID string) error {
	d, isNew, err := tx.AddDelivery(ctx, catalog.Delivery{
		ID: catalog.NewID(catalog.PrefixDelivery, h.Now()), AssetID: p.asset.ID, Partner: partner.Name, Profile: partner.Profile,
		Location: partner.Location, Path: p.folder, Status: catalog.DeliveryPending, TransferID: transferID, CreatedAt: h.Now(),
	})
	if err != nil || isNew {
		return err
	}
	open, err := underWay(ctx, tx.Reader, d)
	if err != nil {
		return err
	}
	if open || d.Status == catalog.DeliveryDelivered {
		return connectors.Errorf(connectors.KindBusy, "deliver", p.asset.Name, "another run delivers it to %s: see transfer %s", partner.Name, d.TransferID)
	}
	_, err = tx.UpdateDelivery(ctx, d.ID, func(d *catalog.Delivery) error {
		d.Status, d.TransferID, d.Location, d.Path, d.Profile, d.Error = catalog.DeliveryPending, transferID, partner.Location, p.folder, partner.Profile, ""
		return nil
	})
	return err
}

// underWay tells whether the transfer of a delivery may still bring it there.
func underWay(ctx context.Context, r catalog.Reader, d catalog.Delivery) (bool, error) {
	t, err := r.Transfer(ctx, d.TransferID)
	if errors.Is(err, catalog.ErrNotFound) {
		return false, nil
	}
	return err == nil && !t.Ended(), err
}

func (h *Host) delivered(ctx context.Context, tx catalog.Tx, t catalog.Transfer, receipts []transfer.Receipt) (DeliverOutput, error) {
	d, err := deliveryBy(ctx, tx.Reader, t)
	if err != nil {
		return DeliverOutput{}, err
	}
	rendition, err := tx.Rendition(ctx, t.AssetID, d.Profile)
	if err != nil {
		return DeliverOutput{}, err
	}
	proved, err := h.copies(ctx, tx, t, catalog.CopyDelivery, rendition.ID, receipts)
	if err != nil {
		return DeliverOutput{}, err
	}
	files, err := json.Marshal(proved)
	if err != nil {
		return DeliverOutput{}, err
	}
	now := h.Now()
	if _, err := tx.UpdateDelivery(ctx, d.ID, func(d *catalog.Delivery) error {
		d.Status, d.DeliveredAt, d.Receipts, d.Proof, d.Error = catalog.DeliveryDelivered, now, files, weakest(proved), ""
		return nil
	}); err != nil {
		return DeliverOutput{}, err
	}
	_, err = tx.UpdateAsset(ctx, t.AssetID, func(a *catalog.Asset) error {
		if a.LiveAt.IsZero() {
			a.LiveAt = now
		}
		a.PublishedAt, a.UpdatedAt = now, now
		return nil
	})
	return DeliverOutput{Delivery: d.ID, Partner: d.Partner, Location: d.Location, Folder: d.Path, Files: proved}, err
}

// deliveryBy finds the delivery that a transfer carries out.
func deliveryBy(ctx context.Context, r catalog.Reader, t catalog.Transfer) (catalog.Delivery, error) {
	all, err := r.Deliveries(ctx, catalog.DeliveryFilter{AssetID: t.AssetID, Page: catalog.Page{Limit: catalog.MaxPage}})
	if err != nil {
		return catalog.Delivery{}, err
	}
	for _, d := range all {
		if d.TransferID == t.ID {
			return d, nil
		}
	}
	return catalog.Delivery{}, fmt.Errorf("the delivery of transfer %s: %w", t.ID, catalog.ErrNotFound)
}
