package catalog

import (
	"context"
	"fmt"

	"github.com/uptrace/bun"

	"gantry/transfer/schedule"
)

// Counts says how much of everything there is.
type Counts struct {
	Assets, Runs, Transfers, Deliveries map[string]int64            // by status
	CopyBytes                           map[string]int64            // by kind
	Queued                              map[schedule.Priority]int64 // transfers that no agent has yet
}

// Count counts what the catalogue holds.
func (r Reader) Count(ctx context.Context) (c Counts, err error) {
	for _, each := range []struct {
		into                  *map[string]int64
		table, by, expression string
	}{
		{&c.Assets, "assets", "status", "count(*)"},
		{&c.Runs, "runs", "status", "count(*)"},
		{&c.Transfers, "transfers", "status", "count(*)"},
		{&c.Deliveries, "deliveries", "status", "count(*)"},
		{&c.CopyBytes, "copies", "kind", "coalesce(sum(size), 0)"},
	} {
		if *each.into, err = r.tally(ctx, each.table, each.by, each.expression); err != nil {
			return c, err
		}
	}
	c.Queued, err = r.queued(ctx)
	return c, err
}

func (r Reader) queued(ctx context.Context) (map[schedule.Priority]int64, error) {
	var rows []struct {
		Priority schedule.Priority `bun:"priority"`
		N        int64             `bun:"n"`
	}
	err := r.db.NewSelect().TableExpr("transfers").Column("priority").ColumnExpr("CAST(count(*) AS BIGINT) AS n").
		Where("status = ?", TransferQueued).GroupExpr("priority").Scan(ctx, &rows)
	if err != nil {
		return nil, fmt.Errorf("count queued transfers: %w", translate(err))
	}
	counts := map[schedule.Priority]int64{}
	for _, row := range rows {
		counts[row.Priority] = row.N
	}
	return counts, nil
}

func (r Reader) tally(ctx context.Context, table, by, expression string) (map[string]int64, error) {
	var rows []struct {
		Label string `bun:"label"`
		N     int64  `bun:"n"`
	}
	q := r.db.NewSelect().TableExpr("?", bun.Ident(table)).ColumnExpr("? AS label", bun.Ident(by)).ColumnExpr("CAST("+expression+" AS BIGINT) AS n").GroupExpr("?", bun.Ident(by))
	if err := q.Scan(ctx, &rows); err != nil {
		return nil, fmt.Errorf("count %s: %w", table, translate(err))
	}
	counts := make(map[string]int64, len(rows))
	for _, row := range rows {
		counts[row.Label] = row.N
	}
	return counts, nil
}
