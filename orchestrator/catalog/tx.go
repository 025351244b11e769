package catalog

import (
	"database/sql"

	"github.com/jackc/pgx/v5"
	"github.com/uptrace/bun"
	"github.com/uptrace/bun/dialect"
)

// A Reader sees the catalogue as it was at one moment. It is good for one
// goroutine, until the function that got it returns.
type Reader struct {
	db bun.IDB
}

// A Tx is a Reader that may also write. A function that gets an error from a Tx
// returns it: nothing of the transaction can be kept then.
type Tx struct {
	Reader
	state *txState
}

type txState struct {
	sql    *sql.Tx // on SQLite
	pgx    pgx.Tx  // on PostgreSQL
	after  []func()
	events bool
}

// SQL gives the transaction to who writes by database/sql on SQLite; nil on
// PostgreSQL.
func (t Tx) SQL() *sql.Tx { return t.state.sql }

// PGX gives the transaction to who writes by pgx on PostgreSQL; nil on SQLite.
func (t Tx) PGX() pgx.Tx { return t.state.pgx }

// AfterCommit calls fn once the transaction has been committed, and not at all
// if it is not. fn must not block, nor use the Tx.
func (t Tx) AfterCommit(fn func()) { t.state.after = append(t.state.after, fn) }

func (r Reader) postgres() bool { return r.db.Dialect().Name() == dialect.PG }

// forUpdate keeps others from changing the row that is read. On SQLite the whole
// transaction does.
func (r Reader) forUpdate(q *bun.SelectQuery, how string) *bun.SelectQuery {
	if r.postgres() {
		return q.For(how)
	}
	return q
}
