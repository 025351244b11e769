package catalog

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/uptrace/bun"
)

// An Event is something that happened. Events are only ever added.
type Event struct {
	bun.BaseModel `bun:"table:events" json:"-"`

	Seq     int64           `bun:"seq,pk" json:"seq"` // rises by one with each event, in the order of commits
	ID      string          `bun:"id" json:"id"`      // unique: the same event has the same ID
	Type    string          `bun:"type" json:"type"`
	Source  string          `bun:"source" json:"source"`
	Subject string          `bun:"subject" json:"subject,omitempty"` // ID of the asset, run or transfer that it is about
	Time    time.Time       `bun:"time,nullzero" json:"time,omitzero"`
	Data    json.RawMessage `bun:"data,type:text" json:"data,omitempty"`
}

// AppendEvent adds an event and gives its number, or, if its ID is known, changes
// nothing and gives false.
func (t Tx) AppendEvent(ctx context.Context, e Event) (seq int64, isNew bool, err error) {
	if t.postgres() {
		// Numbers must become visible in their order: a reader that has seen 7
		// never looks for 6 again.
		if _, err := t.db.ExecContext(ctx, "SELECT pg_advisory_xact_lock(?)", int64(lockEvents)); err != nil {
			return 0, false, fmt.Errorf("append event: %w", translate(err))
		}
	}
	_, err = t.db.NewInsert().Model(&e).Value("seq", "(SELECT coalesce(max(seq), 0) + 1 FROM events)").
		On("CONFLICT (id) DO NOTHING").Returning("seq").Exec(ctx, &seq)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return 0, false, nil
	case err != nil:
		return 0, false, fmt.Errorf("append event %s: %w", e.ID, translate(err))
	}
	t.state.events = true
	return seq, true, nil
}

// LastEvent gives the number of the newest event, 0 if there is none.
func (r Reader) LastEvent(ctx context.Context) (seq int64, err error) {
	err = r.db.NewSelect().Model((*Event)(nil)).ColumnExpr("coalesce(max(seq), 0)").Scan(ctx, &seq)
	if err != nil {
		return 0, fmt.Errorf("find the last event: %w", translate(err))
	}
	return seq, nil
}

// EventsAfter lists up to n events from the one that follows seq on.
func (r Reader) EventsAfter(ctx context.Context, seq int64, n int) ([]Event, error) {
	return many[Event](ctx, "events", r, func(q *bun.SelectQuery) *bun.SelectQuery {
		return q.Where("seq > ?", seq).OrderExpr("seq").Limit(limit(n))
	})
}

// LatestEvents lists the newest n events, of all subjects for "", oldest first.
func (r Reader) LatestEvents(ctx context.Context, subject string, n int) ([]Event, error) {
	rows, err := many[Event](ctx, "events", r, func(q *bun.SelectQuery) *bun.SelectQuery {
		return equal(q, "subject", subject).OrderExpr("seq DESC").Limit(limit(n))
	})
	slices.Reverse(rows)
	return rows, err
}

// EventsOf lists up to n events about a subject, from the one that follows seq on.
func (r Reader) EventsOf(ctx context.Context, subject string, seq int64, n int) ([]Event, error) {
	return many[Event](ctx, "events", r, func(q *bun.SelectQuery) *bun.SelectQuery {
		return q.Where("subject = ? AND seq > ?", subject, seq).OrderExpr("seq").Limit(limit(n))
	})
}
