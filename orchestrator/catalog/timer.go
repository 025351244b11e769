package catalog

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/uptrace/bun"
)

// A Timer is a time that a run waits for.
type Timer struct {
	bun.BaseModel `bun:"table:timers" json:"-"`

	RunID string    `bun:"run_id,pk" json:"runId"`
	Key   string    `bun:"key,pk" json:"key"`
	Due   time.Time `bun:"due,nullzero" json:"due,omitzero"`
	Job   int64     `bun:"job" json:"-"` // the engine's, in River
}

// AddTimer adds a timer.
func (t Tx) AddTimer(ctx context.Context, n Timer) error {
	if _, err := t.db.NewInsert().Model(&n).Exec(ctx); err != nil {
		return fmt.Errorf("add timer %s of %s: %w", n.Key, n.RunID, translate(err))
	}
	return nil
}

// TakeTimer removes a timer and gives it; false if it has been taken already.
func (t Tx) TakeTimer(ctx context.Context, runID, key string) (Timer, bool, error) {
	n, err := one[Timer](ctx, t.Reader, "timer", true, "run_id = ? AND key = ?", runID, key)
	if errors.Is(err, ErrNotFound) {
		return n, false, nil
	}
	if err != nil {
		return n, false, err
	}
	if _, err := t.db.NewDelete().Model(&n).WherePK().Exec(ctx); err != nil {
		return n, false, fmt.Errorf("take timer %s of %s: %w", key, runID, translate(err))
	}
	return n, true, nil
}

// Timers lists a run's timers, or all for "", the next one first.
func (r Reader) Timers(ctx context.Context, runID string) ([]Timer, error) {
	return many[Timer](ctx, "timers", r, func(q *bun.SelectQuery) *bun.SelectQuery {
		return equal(q, "run_id", runID).OrderExpr("due")
	})
}
