package catalog

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/uptrace/bun"

	"gantry/connectors"
)

// What becomes of an asset.
const (
	AssetArrived     = "arrived"
	AssetProcessing  = "processing"
	AssetReady       = "ready"
	AssetPublished   = "published"
	AssetQuarantined = "quarantined"
	AssetFailed      = "failed"
)

// An Asset is one recording that has arrived, with everything made of it.
type Asset struct {
	bun.BaseModel `bun:"table:assets" json:"-"`

	ID         string             `bun:"id,pk" json:"id"`
	Name       string             `bun:"name" json:"name"`
	Site       string             `bun:"site" json:"site"`
	Route      string             `bun:"route" json:"route,omitempty"`
	ArrivalID  string             `bun:"arrival_id" json:"arrivalId"` // unique
	SourcePath string             `bun:"source_path" json:"sourcePath"`
	Labels     map[string]string  `bun:"labels,type:text" json:"labels,omitempty"` // the route's, at the arrival
	Size       int64              `bun:"size" json:"size"`                         // bytes
	Digests    connectors.Digests `bun:"digests,type:text" json:"digests,omitempty"`
	Status     string             `bun:"status" json:"status"`
	Reason     string             `bun:"reason" json:"reason,omitempty"`
	Facts      json.RawMessage    `bun:"facts,type:text" json:"facts,omitempty"` // from the probe
	QC         json.RawMessage    `bun:"qc,type:text" json:"qc,omitempty"`
	Tier       string             `bun:"tier" json:"tier,omitempty"`
	TierReason string             `bun:"tier_reason" json:"tierReason,omitempty"`
	Workflow   string             `bun:"workflow" json:"workflow,omitempty"`

	RecordedAt  time.Time `bun:"recorded_at,nullzero" json:"recordedAt,omitzero"` // the recording ended at the venue
	FirstSeenAt time.Time `bun:"first_seen_at,nullzero" json:"firstSeenAt,omitzero"`
	ArrivedAt   time.Time `bun:"arrived_at,nullzero" json:"arrivedAt,omitzero"`     // registered at the hub
	LiveAt      time.Time `bun:"live_at,nullzero" json:"liveAt,omitzero"`           // first delivery done
	PublishedAt time.Time `bun:"published_at,nullzero" json:"publishedAt,omitzero"` // all deliveries done
	UpdatedAt   time.Time `bun:"updated_at,nullzero" json:"updatedAt,omitzero"`
}

// An AssetFilter says which assets to list. Empty fields take all.
type AssetFilter struct {
	Status []string
	Site   string
	Route  string
	Text   string // somewhere in the name, in any case
	Page
}

// RegisterAsset adds an asset, unless its arrival is known: then it gives the
// asset that is there, and false.
func (t Tx) RegisterAsset(ctx context.Context, a Asset) (Asset, bool, error) {
	isNew, err := added(t.db.NewInsert().Model(&a).On("CONFLICT (arrival_id) DO NOTHING").Exec(ctx))
	if err != nil {
		return a, false, fmt.Errorf("register asset %s: %w", a.Name, err)
	}
	if isNew {
		return a, true, nil
	}
	a, err = t.AssetByArrival(ctx, a.ArrivalID)
	return a, false, err
}

// UpdateAsset changes an asset by fn, which sees it as it is and keeps its ID.
func (t Tx) UpdateAsset(ctx context.Context, id string, fn func(*Asset) error) (Asset, error) {
	a, err := one[Asset](ctx, t.Reader, "asset", true, "id = ?", id)
	if err != nil {
		return a, err
	}
	if err := fn(&a); err != nil {
		return a, err
	}
	if err := changed(t.db.NewUpdate().Model(&a).Where("id = ?", id).Exec(ctx)); err != nil {
		return a, fmt.Errorf("update asset %s: %w", id, err)
	}
	return a, nil
}

// Asset gives the asset of an ID.
func (r Reader) Asset(ctx context.Context, id string) (Asset, error) {
	return one[Asset](ctx, r, "asset", false, "id = ?", id)
}

// AssetNames gives the names of assets by their IDs, of those that there are.
func (r Reader) AssetNames(ctx context.Context, ids []string) (map[string]string, error) {
	names := map[string]string{}
	if len(ids) == 0 {
		return names, nil
	}
	rows, err := many[Asset](ctx, "names of assets", r, func(q *bun.SelectQuery) *bun.SelectQuery { return oneOf(q.Column("id", "name"), "id", ids) })
	for _, a := range rows {
		names[a.ID] = a.Name
	}
	return names, err
}

// AssetByArrival gives the asset that an arrival became.
func (r Reader) AssetByArrival(ctx context.Context, arrivalID string) (Asset, error) {
	return one[Asset](ctx, r, "asset of arrival", false, "arrival_id = ?", arrivalID)
}

// Assets lists assets, newest first.
func (r Reader) Assets(ctx context.Context, f AssetFilter) ([]Asset, error) {
	return many[Asset](ctx, "assets", r, func(q *bun.SelectQuery) *bun.SelectQuery {
		q = oneOf(q, "status", f.Status)
		q = equal(equal(q, "site", f.Site), "route", f.Route)
		return f.apply(contains(q, "name", f.Text))
	})
}
