package catalog

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/uptrace/bun"

	"gantry/transfer/schedule"
)

// What a transfer is for: all kinds of orders, and what agents do without one.
const (
	TransferIngest     = "ingest" // an agent's own: moved by a route, only reported
	TransferTransfer   = "transfer"
	TransferDeliver    = "deliver"
	TransferArchive    = "archive"
	TransferQuarantine = "quarantine"
)

// How a transfer stands.
const (
	TransferQueued    = "queued"
	TransferLeased    = "leased"
	TransferMoving    = "moving" // an ingest under way
	TransferDone      = "done"
	TransferFailed    = "failed"
	TransferCancelled = "cancelled" // nobody wants it any more
)

// A Transfer is work for an agent of a site.
type Transfer struct {
	bun.BaseModel `bun:"table:transfers" json:"-"`

	ID         string            `bun:"id,pk" json:"id"`
	Key        string            `bun:"key" json:"key"` // unique: the same work has the same key
	Kind       string            `bun:"kind" json:"kind"`
	Site       string            `bun:"site" json:"site"`
	AssetID    string            `bun:"asset_id" json:"assetId,omitempty"`
	RunID      string            `bun:"run_id" json:"runId,omitempty"`
	Status     string            `bun:"status" json:"status"`
	Agent      string            `bun:"agent" json:"agent,omitempty"`
	Fence      int64             `bun:"fence" json:"fence"` // rises with each lease; older leases are refused
	LeaseUntil time.Time         `bun:"lease_until,nullzero" json:"leaseUntil,omitzero"`
	NotBefore  time.Time         `bun:"not_before,nullzero" json:"notBefore,omitzero"` // leased no earlier
	Spec       json.RawMessage   `bun:"spec,type:text" json:"spec,omitempty"`          // the order, without the lease
	Done       int64             `bun:"done" json:"done"`                              // bytes
	Total      int64             `bun:"total" json:"total"`                            // bytes
	Rate       float64           `bun:"rate" json:"rate"`                              // bytes a second
	Phase      string            `bun:"phase" json:"phase,omitempty"`
	Receipts   json.RawMessage   `bun:"receipts,type:text" json:"receipts,omitempty"`
	Error      string            `bun:"error" json:"error,omitempty"`
	Priority   schedule.Priority `bun:"priority" json:"priority"`
	Deadline   time.Time         `bun:"deadline,nullzero" json:"deadline,omitzero"` // when it must be done
	Bandwidth  string            `bun:"bandwidth" json:"bandwidth,omitempty"`       // a timetable; "" = no limit of its own
	Paused     bool              `bun:"paused" json:"paused,omitempty"`
	Wanted     json.RawMessage   `bun:"wanted,type:text" json:"wanted,omitempty"`     // what people have changed of the order
	Attempt    int64             `bun:"attempt" json:"attempt,omitempty"`             // rises each time that somebody wants it tried again
	Waiting    string            `bun:"waiting" json:"waiting,omitempty"`             // for what, in words
	Progress   json.RawMessage   `bun:"progress,type:text" json:"progress,omitempty"` // as its agent has told it last
	CreatedAt  time.Time         `bun:"created_at,nullzero" json:"createdAt,omitzero"`
	StartedAt  time.Time         `bun:"started_at,nullzero" json:"startedAt,omitzero"` // first lease
	EndedAt    time.Time         `bun:"ended_at,nullzero" json:"endedAt,omitzero"`
}

// Ended tells whether nothing more happens in the transfer.
func (t Transfer) Ended() bool {
	return t.Status == TransferDone || t.Status == TransferFailed || t.Status == TransferCancelled
}

// Stop clears what is only true of a transfer that is under way.
func (t *Transfer) Stop() {
	t.Rate, t.Phase, t.Waiting, t.Progress = 0, "", "", nil
}

// A TransferFilter says which transfers to list. Empty fields take all.
type TransferFilter struct {
	Status  []string
	Kind    []string
	Site    string
	AssetID string
	RunID   string
	Page
}

// AddTransfer adds a transfer, unless its key is known: then it gives the one that
// is there, and false.
func (t Tx) AddTransfer(ctx context.Context, n Transfer) (Transfer, bool, error) {
	isNew, err := added(t.db.NewInsert().Model(&n).On("CONFLICT (key) DO NOTHING").Exec(ctx))
	if err != nil {
		return n, false, fmt.Errorf("add transfer %s: %w", n.Key, err)
	}
	if isNew {
		return n, true, nil
	}
	n, err = t.TransferByKey(ctx, n.Key)
	return n, false, err
}

// UpdateTransfer changes a transfer by fn, which sees it as it is and keeps its
// ID. It is for what no lease protects, as an ingest's snapshots.
func (t Tx) UpdateTransfer(ctx context.Context, id string, fn func(*Transfer) error) (Transfer, error) {
	n, err := one[Transfer](ctx, t.Reader, "transfer", true, "id = ?", id)
	if err != nil {
		return n, err
	}
	if err := fn(&n); err != nil {
		return n, err
	}
	return n, t.saveTransfer(ctx, n)
}

func (t Tx) saveTransfer(ctx context.Context, n Transfer) error {
	if err := changed(t.db.NewUpdate().Model(&n).WherePK().Exec(ctx)); err != nil {
		return fmt.Errorf("save transfer %s: %w", n.ID, err)
	}
	return nil
}

// Transfer gives the transfer of an ID.
func (r Reader) Transfer(ctx context.Context, id string) (Transfer, error) {
	return one[Transfer](ctx, r, "transfer", false, "id = ?", id)
}

// TransferByKey gives the transfer of a key.
func (r Reader) TransferByKey(ctx context.Context, key string) (Transfer, error) {
	return one[Transfer](ctx, r, "transfer", false, "key = ?", key)
}

// Transfers lists transfers, newest first.
func (r Reader) Transfers(ctx context.Context, f TransferFilter) ([]Transfer, error) {
	return many[Transfer](ctx, "transfers", r, func(q *bun.SelectQuery) *bun.SelectQuery {
		q = oneOf(oneOf(q, "status", f.Status), "kind", f.Kind)
		return f.apply(equal(equal(equal(q, "site", f.Site), "asset_id", f.AssetID), "run_id", f.RunID))
	})
}

// underControl bounds what one agent is told of.
const underControl = 1000

// Controlled lists the transfers that an agent has under way, by ID, and those that it
// had and that were cancelled since a time.
func (r Reader) Controlled(ctx context.Context, agent string, since time.Time) ([]Transfer, error) {
	rows := []Transfer{}
	err := r.db.NewSelect().Model(&rows).ExcludeColumn("spec", "receipts").Where("agent = ?", agent).
		WhereGroup(" AND ", func(q *bun.SelectQuery) *bun.SelectQuery {
			return q.Where("status IN (?, ?)", TransferLeased, TransferMoving).
				WhereOr("status = ? AND ended_at > ?", TransferCancelled, since)
		}).OrderExpr("id").Limit(underControl).Scan(ctx)
	if err != nil {
		return nil, fmt.Errorf("list what %s has under way: %w", agent, translate(err))
	}
	return rows, nil
}
