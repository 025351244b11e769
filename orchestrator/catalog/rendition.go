package catalog

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/uptrace/bun"
)

// A Rendition is one form of an asset: the original, a mezzanine, a proxy, a
// poster, or a ladder of many files.
type Rendition struct {
	bun.BaseModel `bun:"table:renditions" json:"-"`

	ID        string          `bun:"id,pk" json:"id"`
	AssetID   string          `bun:"asset_id" json:"assetId"`
	Profile   string          `bun:"profile" json:"profile"` // unique in the asset
	Path      string          `bun:"path" json:"path"`       // of the main file
	Files     int             `bun:"files" json:"files"`
	Size      int64           `bun:"size" json:"size"` // bytes, all files
	Facts     json.RawMessage `bun:"facts,type:text" json:"facts,omitempty"`
	CreatedAt time.Time       `bun:"created_at,nullzero" json:"createdAt,omitzero"`
}

// PutRendition writes an asset's rendition of a profile. One that is there keeps
// its ID, which is in the result.
func (t Tx) PutRendition(ctx context.Context, n Rendition) (Rendition, error) {
	_, err := t.db.NewInsert().Model(&n).On("CONFLICT (asset_id, profile) DO UPDATE").
		Set("path = EXCLUDED.path").Set("files = EXCLUDED.files").Set("size = EXCLUDED.size").Set("facts = EXCLUDED.facts").
		Returning("id, created_at").Exec(ctx)
	if err != nil {
		return n, fmt.Errorf("write rendition %s of %s: %w", n.Profile, n.AssetID, translate(err))
	}
	return n, nil
}

// Rendition gives an asset's rendition of a profile.
func (r Reader) Rendition(ctx context.Context, assetID, profile string) (Rendition, error) {
	return one[Rendition](ctx, r, "rendition", false, "asset_id = ? AND profile = ?", assetID, profile)
}

// Renditions lists an asset's renditions in the order in which they were made.
func (r Reader) Renditions(ctx context.Context, assetID string) ([]Rendition, error) {
	return many[Rendition](ctx, "renditions", r, func(q *bun.SelectQuery) *bun.SelectQuery {
		return q.Where("asset_id = ?", assetID).OrderExpr("id")
	})
}
