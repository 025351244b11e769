package catalog

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/uptrace/bun"
)

// How a run stands.
const (
	RunRunning   = "running"
	RunWaiting   = "waiting"
	RunCompleted = "completed"
	RunFailed    = "failed"
	RunCancelled = "cancelled"
)

// A Run is one execution of a workflow. State is the engine's.
type Run struct {
	bun.BaseModel `bun:"table:runs" json:"-"`

	ID        string          `bun:"id,pk" json:"id"`
	Namespace string          `bun:"namespace" json:"namespace"`
	Workflow  string          `bun:"workflow" json:"workflow"`
	Version   string          `bun:"version" json:"version"`
	AssetID   string          `bun:"asset_id" json:"assetId,omitempty"`
	ParentID  string          `bun:"parent_id" json:"parentId,omitempty"` // the run that this one is a sub-workflow of
	ParentKey string          `bun:"parent_key" json:"parentKey,omitempty"`
	Status    string          `bun:"status" json:"status"`
	Input     json.RawMessage `bun:"input,type:text" json:"input,omitempty"`
	Output    json.RawMessage `bun:"output,type:text" json:"output,omitempty"`
	Error     json.RawMessage `bun:"error,type:text" json:"error,omitempty"`
	State     json.RawMessage `bun:"state,type:text" json:"-"`
	Waiting   json.RawMessage `bun:"waiting,type:text" json:"waiting,omitempty"` // what for: a JSON array
	CreatedAt time.Time       `bun:"created_at,nullzero" json:"createdAt,omitzero"`
	UpdatedAt time.Time       `bun:"updated_at,nullzero" json:"updatedAt,omitzero"`
	EndedAt   time.Time       `bun:"ended_at,nullzero" json:"endedAt,omitzero"`
}

// Ended tells whether nothing more happens in the run.
func (r Run) Ended() bool {
	return r.Status == RunCompleted || r.Status == RunFailed || r.Status == RunCancelled
}

// A RunFilter says which runs to list. Empty fields take all.
type RunFilter struct {
	Status   []string
	AssetID  string
	ParentID string
	Workflow string
	Page
}

// AddRun adds a run, unless its ID is known: then it changes nothing and gives
// false.
func (t Tx) AddRun(ctx context.Context, r Run) (bool, error) {
	isNew, err := added(t.db.NewInsert().Model(&r).On("CONFLICT (id) DO NOTHING").Exec(ctx))
	if err != nil {
		return false, fmt.Errorf("add run %s: %w", r.ID, err)
	}
	return isNew, nil
}

// SaveRun writes how a run stands: everything but what it was started with.
func (t Tx) SaveRun(ctx context.Context, r Run) error {
	err := changed(t.db.NewUpdate().Model(&r).
		Column("status", "output", "error", "state", "waiting", "updated_at", "ended_at").WherePK().Exec(ctx))
	if err != nil {
		return fmt.Errorf("save run %s: %w", r.ID, err)
	}
	return nil
}

// LockRun gives a run that nobody else changes until the transaction ends.
func (t Tx) LockRun(ctx context.Context, id string) (Run, error) {
	return one[Run](ctx, t.Reader, "run", true, "id = ?", id)
}

// Run gives the run of an ID.
func (r Reader) Run(ctx context.Context, id string) (Run, error) {
	return one[Run](ctx, r, "run", false, "id = ?", id)
}

// ChildRun gives the run that a task of another one started.
func (r Reader) ChildRun(ctx context.Context, parentID, parentKey string) (Run, error) {
	return one[Run](ctx, r, "sub-workflow of run", false, "parent_id = ? AND parent_key = ?", parentID, parentKey)
}

// Runs lists runs, newest first, without their states.
func (r Reader) Runs(ctx context.Context, f RunFilter) ([]Run, error) {
	return many[Run](ctx, "runs", r, func(q *bun.SelectQuery) *bun.SelectQuery {
		q = oneOf(q.ExcludeColumn("state"), "status", f.Status)
		q = equal(equal(equal(q, "asset_id", f.AssetID), "parent_id", f.ParentID), "workflow", f.Workflow)
		return f.apply(q)
	})
}
