package catalog

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/uptrace/bun"
)

// How a delivery stands.
const (
	DeliveryPending   = "pending"
	DeliveryDelivered = "delivered"
	DeliveryFailed    = "failed"
)

// A Delivery is one asset on its way to one partner.
type Delivery struct {
	bun.BaseModel `bun:"table:deliveries" json:"-"`

	ID          string          `bun:"id,pk" json:"id"`
	AssetID     string          `bun:"asset_id" json:"assetId"`
	Partner     string          `bun:"partner" json:"partner"` // unique in the asset
	Profile     string          `bun:"profile" json:"profile"`
	Location    string          `bun:"location" json:"location"`
	Path        string          `bun:"path" json:"path"`
	Status      string          `bun:"status" json:"status"`
	TransferID  string          `bun:"transfer_id" json:"transferId,omitempty"`
	Receipts    json.RawMessage `bun:"receipts,type:text" json:"receipts,omitempty"`
	Proof       string          `bun:"proof" json:"proof,omitempty"`
	Error       string          `bun:"error" json:"error,omitempty"`
	CreatedAt   time.Time       `bun:"created_at,nullzero" json:"createdAt,omitzero"`
	DeliveredAt time.Time       `bun:"delivered_at,nullzero" json:"deliveredAt,omitzero"`
}

// A DeliveryFilter says which deliveries to list. Empty fields take all.
type DeliveryFilter struct {
	Status  []string
	AssetID string
	Partner string
	Page
}

// AddDelivery adds a delivery, unless the asset has one to that partner: then it
// gives the one that is there, and false.
func (t Tx) AddDelivery(ctx context.Context, d Delivery) (Delivery, bool, error) {
	isNew, err := added(t.db.NewInsert().Model(&d).On("CONFLICT (asset_id, partner) DO NOTHING").Exec(ctx))
	if err != nil {
		return d, false, fmt.Errorf("add delivery of %s to %s: %w", d.AssetID, d.Partner, err)
	}
	if isNew {
		return d, true, nil
	}
	d, err = t.DeliveryTo(ctx, d.AssetID, d.Partner)
	return d, false, err
}

// UpdateDelivery changes a delivery by fn, which sees it as it is and keeps its
// ID.
func (t Tx) UpdateDelivery(ctx context.Context, id string, fn func(*Delivery) error) (Delivery, error) {
	d, err := one[Delivery](ctx, t.Reader, "delivery", true, "id = ?", id)
	if err != nil {
		return d, err
	}
	if err := fn(&d); err != nil {
		return d, err
	}
	if err := changed(t.db.NewUpdate().Model(&d).Where("id = ?", id).Exec(ctx)); err != nil {
		return d, fmt.Errorf("update delivery %s: %w", id, err)
	}
	return d, nil
}

// Delivery gives the delivery of an ID.
func (r Reader) Delivery(ctx context.Context, id string) (Delivery, error) {
	return one[Delivery](ctx, r, "delivery", false, "id = ?", id)
}

// DeliveryTo gives an asset's delivery to a partner.
func (r Reader) DeliveryTo(ctx context.Context, assetID, partner string) (Delivery, error) {
	return one[Delivery](ctx, r, "delivery", false, "asset_id = ? AND partner = ?", assetID, partner)
}

// Deliveries lists deliveries, newest first.
func (r Reader) Deliveries(ctx context.Context, f DeliveryFilter) ([]Delivery, error) {
	return many[Delivery](ctx, "deliveries", r, func(q *bun.SelectQuery) *bun.SelectQuery {
		q = oneOf(q, "status", f.Status)
		return f.apply(equal(equal(q, "asset_id", f.AssetID), "partner", f.Partner))
	})
}
