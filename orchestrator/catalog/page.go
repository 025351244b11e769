package catalog

import (
	"context"
	"database/sql"
	"fmt"
	"strings"

	"github.com/uptrace/bun"
)

// MaxPage is the largest number of rows that a listing gives at once.
const MaxPage = 1000

const defaultPage = 100

// A Page cuts a listing that is in order of ID, newest first.
type Page struct {
	Limit int    // at most MaxPage; 0 = 100
	After string // the last ID of the page before; "" for the first page
}

func limit(n int) int64 {
	if n <= 0 {
		return defaultPage
	}
	return int64(min(n, MaxPage))
}

func (p Page) apply(q *bun.SelectQuery) *bun.SelectQuery {
	if p.After != "" {
		q = q.Where("id < ?", p.After)
	}
	return q.OrderExpr("id DESC").Limit(limit(p.Limit))
}

// equal asks for a column's value where one is wanted.
func equal(q *bun.SelectQuery, column, value string) *bun.SelectQuery {
	if value == "" {
		return q
	}
	return q.Where("? = ?", bun.Ident(column), value)
}

func oneOf(q *bun.SelectQuery, column string, values []string) *bun.SelectQuery {
	if len(values) == 0 {
		return q
	}
	return q.Where("? IN (?)", bun.Ident(column), bun.List(values))
}

var escapeLike = strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`)

func contains(q *bun.SelectQuery, column, text string) *bun.SelectQuery {
	if text == "" {
		return q
	}
	return q.Where(`lower(?) LIKE lower(?) ESCAPE '\'`, bun.Ident(column), "%"+escapeLike.Replace(text)+"%")
}

// one reads the row that a condition names.
func one[T any](ctx context.Context, r Reader, what string, lock bool, where string, args ...any) (T, error) {
	var row T
	q := r.db.NewSelect().Model(&row).Where(where, args...)
	if lock {
		q = r.forUpdate(q, "UPDATE")
	}
	if err := q.Scan(ctx); err != nil {
		return row, fmt.Errorf("%s %v: %w", what, args, translate(err))
	}
	return row, nil
}

// many reads the rows of a query.
func many[T any](ctx context.Context, what string, r Reader, build func(*bun.SelectQuery) *bun.SelectQuery) ([]T, error) {
	rows := []T{}
	if err := build(r.db.NewSelect().Model(&rows)).Scan(ctx); err != nil {
		return nil, fmt.Errorf("list %s: %w", what, translate(err))
	}
	return rows, nil
}

// changed gives ErrNotFound when a change met no row.
func changed(result sql.Result, err error) error {
	if err != nil {
		return translate(err)
	}
	n, err := result.RowsAffected()
	if err == nil && n == 0 {
		return ErrNotFound
	}
	return err
}

// added tells whether an insert that passes over known rows has added one.
func added(result sql.Result, err error) (bool, error) {
	if err != nil {
		return false, translate(err)
	}
	n, err := result.RowsAffected()
	return n > 0, err
}
