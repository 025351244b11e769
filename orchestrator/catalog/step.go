package catalog

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/uptrace/bun"
)

// How a step stands.
const (
	StepScheduled = "scheduled"
	StepRunning   = "running"
	StepWaiting   = "waiting"
	StepCompleted = "completed"
	StepFailed    = "failed"
	StepRetrying  = "retrying"
	StepSkipped   = "skipped"
	StepCancelled = "cancelled"
)

// A Step is one task of a run, at one place of its course.
type Step struct {
	bun.BaseModel `bun:"table:steps" json:"-"`

	RunID     string          `bun:"run_id,pk" json:"runId"`
	Key       string          `bun:"key,pk" json:"key"`
	Task      string          `bun:"task" json:"task"` // pointer into the workflow's document
	Name      string          `bun:"name" json:"name"`
	Function  string          `bun:"function" json:"function,omitempty"`
	Status    string          `bun:"status" json:"status"`
	Attempt   int             `bun:"attempt" json:"attempt,omitempty"`
	Fence     int64           `bun:"fence" json:"-"` // rises with each start; the results of older starts are dropped
	Lost      int             `bun:"lost" json:"-"`  // starts that were never heard of again: the process went down
	Job       int64           `bun:"job" json:"-"`   // the engine's, in River
	Input     json.RawMessage `bun:"input,type:text" json:"input,omitempty"`
	Output    json.RawMessage `bun:"output,type:text" json:"output,omitempty"`
	Error     json.RawMessage `bun:"error,type:text" json:"error,omitempty"`
	Progress  json.RawMessage `bun:"progress,type:text" json:"progress,omitempty"`
	CreatedAt time.Time       `bun:"created_at,nullzero" json:"createdAt,omitzero"`
	StartedAt time.Time       `bun:"started_at,nullzero" json:"startedAt,omitzero"`
	EndedAt   time.Time       `bun:"ended_at,nullzero" json:"endedAt,omitzero"`
}

// Open tells whether the step still waits for a result.
func (s Step) Open() bool {
	switch s.Status {
	case StepScheduled, StepRunning, StepWaiting, StepRetrying:
		return true
	default:
		return false
	}
}

// AddStep adds a step, unless its run has one of the key: then it changes nothing
// and gives false.
func (t Tx) AddStep(ctx context.Context, s Step) (bool, error) {
	isNew, err := added(t.db.NewInsert().Model(&s).On("CONFLICT (run_id, key) DO NOTHING").Exec(ctx))
	if err != nil {
		return false, fmt.Errorf("add step %s of %s: %w", s.Key, s.RunID, err)
	}
	return isNew, nil
}

// SaveStep writes how a step stands: everything but what it is and was given.
func (t Tx) SaveStep(ctx context.Context, s Step) error {
	err := changed(t.db.NewUpdate().Model(&s).
		Column("status", "attempt", "fence", "lost", "job", "output", "error", "progress", "started_at", "ended_at").WherePK().Exec(ctx))
	if err != nil {
		return fmt.Errorf("save step %s of %s: %w", s.Key, s.RunID, err)
	}
	return nil
}

// SetProgress notes how far a step is, if it is still the start with that fence.
func (t Tx) SetProgress(ctx context.Context, runID, key string, fence int64, progress json.RawMessage) error {
	_, err := t.db.NewUpdate().Model((*Step)(nil)).Set("progress = ?", string(progress)).
		Where("run_id = ? AND key = ? AND fence = ?", runID, key, fence).
		Where("status IN (?)", bun.List([]string{StepRunning, StepWaiting})).Exec(ctx)
	if err != nil {
		return fmt.Errorf("note progress of step %s of %s: %w", key, runID, translate(err))
	}
	return nil
}

// Step gives a run's step of a key.
func (r Reader) Step(ctx context.Context, runID, key string) (Step, error) {
	return one[Step](ctx, r, "step", false, "run_id = ? AND key = ?", runID, key)
}

// LockStep gives a step that nobody else changes until the transaction ends.
func (t Tx) LockStep(ctx context.Context, runID, key string) (Step, error) {
	return one[Step](ctx, t.Reader, "step", true, "run_id = ? AND key = ?", runID, key)
}

// Steps lists a run's steps in the order in which they came up.
func (r Reader) Steps(ctx context.Context, runID string) ([]Step, error) {
	return many[Step](ctx, "steps", r, func(q *bun.SelectQuery) *bun.SelectQuery {
		return q.Where("run_id = ?", runID).OrderExpr("created_at, key")
	})
}
