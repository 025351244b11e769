package catalog

import (
	"context"
	"fmt"
	"time"

	"github.com/uptrace/bun"

	"gantry/connectors"
)

// What a copy is for.
const (
	CopyHot        = "hot"
	CopyDelivery   = "delivery"
	CopyArchive    = "archive"
	CopyQuarantine = "quarantine"
	CopyWork       = "work"
)

// A Copy is one file that lies somewhere, and how that was proved.
type Copy struct {
	bun.BaseModel `bun:"table:copies" json:"-"`

	ID          string             `bun:"id,pk" json:"id"`
	AssetID     string             `bun:"asset_id" json:"assetId"`
	RenditionID string             `bun:"rendition_id,nullzero" json:"renditionId,omitempty"` // empty for sidecars and manifests
	Location    string             `bun:"location" json:"location"`
	Path        string             `bun:"path" json:"path"` // unique in the location
	Size        int64              `bun:"size" json:"size"` // bytes
	Digests     connectors.Digests `bun:"digests,type:text" json:"digests,omitempty"`
	Proof       string             `bun:"proof" json:"proof"`
	Tier        string             `bun:"tier" json:"tier,omitempty"`
	Kind        string             `bun:"kind" json:"kind"`
	VerifiedAt  time.Time          `bun:"verified_at,nullzero" json:"verifiedAt,omitzero"`
}

// A CopyFilter says which copies to list. Empty fields take all.
type CopyFilter struct {
	AssetID     string
	RenditionID string
	Location    string
	Kind        []string
	Page
}

// PutCopy writes what now lies at a location's path. A record that is there keeps
// its ID, which is in the result.
func (t Tx) PutCopy(ctx context.Context, c Copy) (Copy, error) {
	q := t.db.NewInsert().Model(&c).On("CONFLICT (location, path) DO UPDATE")
	for _, column := range []string{"asset_id", "rendition_id", "size", "digests", "proof", "tier", "kind", "verified_at"} {
		q = q.Set("? = EXCLUDED.?", bun.Ident(column), bun.Ident(column))
	}
	if _, err := q.Returning("id").Exec(ctx); err != nil {
		return c, fmt.Errorf("write copy %s:%s: %w", c.Location, c.Path, translate(err))
	}
	return c, nil
}

// RemoveCopy forgets a copy that lies there no longer.
func (t Tx) RemoveCopy(ctx context.Context, id string) error {
	if err := changed(t.db.NewDelete().Model((*Copy)(nil)).Where("id = ?", id).Exec(ctx)); err != nil {
		return fmt.Errorf("remove copy %s: %w", id, err)
	}
	return nil
}

// CopyAt gives the copy that lies at a location's path.
func (r Reader) CopyAt(ctx context.Context, location, path string) (Copy, error) {
	return one[Copy](ctx, r, "copy", false, "location = ? AND path = ?", location, path)
}

// Copies lists copies, newest first.
func (r Reader) Copies(ctx context.Context, f CopyFilter) ([]Copy, error) {
	return many[Copy](ctx, "copies", r, func(q *bun.SelectQuery) *bun.SelectQuery {
		q = equal(equal(q, "asset_id", f.AssetID), "rendition_id", f.RenditionID)
		return f.apply(oneOf(equal(q, "location", f.Location), "kind", f.Kind))
	})
}
