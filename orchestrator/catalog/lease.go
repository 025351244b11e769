package catalog

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/uptrace/bun"

	"gantry/transfer/schedule"
)

// A LeaseQuery asks for work for an agent.
type LeaseQuery struct {
	Agent string
	Site  string
	Max   int
	Room  map[schedule.Priority]int // for how many more of each priority there is room, of which those of higher ones take some; nil is Max for all
	Now   time.Time
	TTL   time.Duration
}

// room is how many there may be of a priority, with those of higher ones.
func (l LeaseQuery) room(p schedule.Priority) int {
	if l.Room == nil {
		return l.Max
	}
	return min(l.Room[p], l.Max)
}

// least is the lowest priority that there is room for; ok is false if there is none.
func (l LeaseQuery) least() (p schedule.Priority, ok bool) {
	for p := schedule.Bulk; p <= schedule.Urgent; p++ {
		if l.room(p) > 0 {
			return p, true
		}
	}
	return 0, false
}

// LeaseTransfers gives the agent up to Max transfers of its site that nobody works
// on and that are not paused, urgent ones first, then those with the earliest deadline,
// then the oldest: queued ones, and ones whose lease has run out. Each gets a new
// fence, so that whoever had it before is refused.
func (t Tx) LeaseTransfers(ctx context.Context, l LeaseQuery) ([]Transfer, error) {
	rows := []Transfer{}
	least, ok := l.least()
	if !ok {
		return rows, nil
	}
	q := t.db.NewSelect().Model(&rows).Where("site = ?", l.Site).
		WhereGroup(" AND ", func(q *bun.SelectQuery) *bun.SelectQuery {
			return q.Where("status = ?", TransferQueued).WhereOr("status = ? AND lease_until < ?", TransferLeased, l.Now)
		}).
		Where("not_before IS NULL OR not_before <= ?", l.Now).
		Where("NOT paused").Where("priority >= ?", least).
		OrderExpr("priority DESC, CASE WHEN deadline IS NULL THEN 1 ELSE 0 END, deadline, id").Limit(limit(l.Max))
	if err := t.forUpdate(q, "UPDATE SKIP LOCKED").Scan(ctx); err != nil {
		return nil, fmt.Errorf("lease transfers: %w", translate(err))
	}
	for i := range rows {
		n := &rows[i]
		if i >= l.room(n.Priority) {
			return rows[:i], nil // those that follow are no more urgent
		}
		n.Status, n.Agent, n.Fence, n.LeaseUntil, n.NotBefore = TransferLeased, l.Agent, n.Fence+1, l.Now.Add(l.TTL), time.Time{}
		if n.StartedAt.IsZero() {
			n.StartedAt = l.Now
		}
		if err := t.saveTransfer(ctx, *n); err != nil {
			return nil, err
		}
	}
	return rows, nil
}

// A Holder is who claims to hold a transfer's lease.
type Holder struct {
	ID    string
	Agent string
	Fence int64
}

// held gives the transfer if the holder has its lease, even one that has run out,
// as long as nobody else took it.
func (t Tx) held(ctx context.Context, h Holder) (Transfer, error) {
	n, err := one[Transfer](ctx, t.Reader, "transfer", true, "id = ?", h.ID)
	if err != nil {
		return n, err
	}
	if n.Status != TransferLeased || n.Agent != h.Agent || n.Fence != h.Fence {
		return n, fmt.Errorf("transfer %s: %w", h.ID, ErrFenced)
	}
	return n, nil
}

// A Renewal reports how far a transfer is.
type Renewal struct {
	Holder
	Now         time.Time
	TTL         time.Duration
	Done, Total int64   // bytes
	Rate        float64 // bytes a second
	Phase       string
	Waiting     string
	Progress    json.RawMessage
}

// RenewTransfer lengthens a lease and notes the progress; [ErrFenced] when the
// lease is lost.
func (t Tx) RenewTransfer(ctx context.Context, r Renewal) (Transfer, error) {
	n, err := t.held(ctx, r.Holder)
	if err != nil {
		return n, err
	}
	n.LeaseUntil = r.Now.Add(r.TTL)
	n.Done, n.Total, n.Rate, n.Phase, n.Waiting, n.Progress = r.Done, r.Total, r.Rate, r.Phase, r.Waiting, r.Progress
	return n, t.saveTransfer(ctx, n)
}

// An Ending says what became of a transfer: done, or failed where Error is set.
type Ending struct {
	Holder
	Receipts json.RawMessage
	Error    string
	At       time.Time
}

// FinishTransfer ends a transfer; [ErrFenced] when the lease is lost. The holder
// may say it again: then nothing changes, and first is false.
func (t Tx) FinishTransfer(ctx context.Context, e Ending) (n Transfer, first bool, err error) {
	n, err = t.held(ctx, e.Holder)
	if err != nil {
		if n.Ended() && n.Agent == e.Agent && n.Fence == e.Fence {
			return n, false, nil
		}
		return n, false, err
	}
	n.Status, n.Receipts, n.Error, n.EndedAt = TransferDone, e.Receipts, e.Error, e.At
	n.Stop()
	if e.Error != "" {
		n.Status = TransferFailed
	} else {
		n.Done = max(n.Done, n.Total)
	}
	return n, true, t.saveTransfer(ctx, n)
}

// RequeueTransfer gives a transfer back, to be leased again no earlier than
// notBefore, with the reason; [ErrFenced] when the lease is lost.
func (t Tx) RequeueTransfer(ctx context.Context, h Holder, reason string, notBefore time.Time) (Transfer, error) {
	n, err := t.held(ctx, h)
	if err != nil {
		return n, err
	}
	n.Status, n.Error, n.NotBefore, n.LeaseUntil = TransferQueued, reason, notBefore, time.Time{}
	n.Stop()
	return n, t.saveTransfer(ctx, n)
}
