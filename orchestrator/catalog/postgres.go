package catalog

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/uptrace/bun"
	"github.com/uptrace/bun/dialect/pgdialect"
)

// Other hubs' events are noticed by looking.
const pollEvents = 500 * time.Millisecond

// Keys of advisory locks, which no other program of the database may use.
const (
	lockMigrations = 0x67616e747279_01
	lockEvents     = 0x67616e747279_02
)

func (s *Store) openPostgres(ctx context.Context, address string) error {
	config, err := pgxpool.ParseConfig(address)
	if err != nil {
		return errors.New("the database's address does not parse: write postgres://user@host/database")
	}
	config.ConnConfig.RuntimeParams["timezone"] = "UTC"
	config.ConnConfig.RuntimeParams["application_name"] = "gantry"
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return fmt.Errorf("open the database: %w", translate(err))
	}
	s.closers = append(s.closers, func() error { pool.Close(); return nil })
	db := stdlib.OpenDBFromPool(pool)
	s.closers = append(s.closers, db.Close)
	if err := migratePostgres(ctx, db, pool); err != nil {
		return err
	}
	s.pool = pool
	s.read = bun.NewDB(db, pgdialect.New())
	s.writer = pgWriter{db: s.read}
	s.pollEvents()
	return nil
}

// migratePostgres lets one hub at a time bring the tables up to date.
func migratePostgres(ctx context.Context, db *sql.DB, pool *pgxpool.Pool) error {
	conn, err := pool.Acquire(ctx)
	if err != nil {
		return fmt.Errorf("reach the database, is it running and the address right?: %w", translate(err))
	}
	defer conn.Release()
	if _, err := conn.Exec(ctx, "SELECT pg_advisory_lock($1)", int64(lockMigrations)); err != nil {
		return translate(err)
	}
	err = migrate(ctx, goose.DialectPostgres, db, riverpgxv5.New(pool))
	_, unlockErr := conn.Exec(context.WithoutCancel(ctx), "SELECT pg_advisory_unlock($1)", int64(lockMigrations))
	if err != nil {
		return fmt.Errorf("bring the database up to date: %w", err)
	}
	return translate(unlockErr)
}

func (s *Store) pollEvents() {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	s.closers = append(s.closers, func() error { cancel(); <-done; return nil })
	go func() {
		defer close(done)
		var last int64
		for tick := time.NewTicker(pollEvents); ; {
			select {
			case <-ctx.Done():
				tick.Stop()
				return
			case <-tick.C:
			}
			var seq int64
			// A database out of reach is noticed by everybody who uses it.
			err := s.Read(ctx, func(ctx context.Context, r Reader) (err error) {
				seq, err = r.LastEvent(ctx)
				return err
			})
			if err == nil && seq != last {
				last = seq
				s.watch.wake()
			}
		}
	}()
}

// A pgWriter writes to PostgreSQL. The transaction is begun by pgx on a
// connection that database/sql has lent, so that bun and River write in the same
// one.
type pgWriter struct{ db *bun.DB }

func (w pgWriter) write(ctx context.Context, fn func(context.Context, Tx) error) (err error) {
	conn, err := w.db.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close() //nolint:errcheck // gives it back
	ctx = context.WithoutCancel(ctx)
	tx, err := beginOn(ctx, conn)
	if err != nil {
		return err
	}
	committed := false
	defer func() {
		if !committed {
			if rollbackErr := tx.Rollback(ctx); rollbackErr != nil && !errors.Is(rollbackErr, pgx.ErrTxClosed) {
				// Never give a connection back that may be inside a transaction.
				_ = conn.Raw(func(any) error { return driver.ErrBadConn })
			}
		}
	}()
	if err := fn(ctx, Tx{Reader: Reader{db: conn}, state: &txState{pgx: tx}}); err != nil {
		return err
	}
	err = tx.Commit(ctx)
	committed = err == nil
	return err
}

func beginOn(ctx context.Context, conn bun.Conn) (tx pgx.Tx, err error) {
	rawErr := conn.Raw(func(c any) error {
		lent, ok := c.(*stdlib.Conn)
		if !ok {
			return fmt.Errorf("the driver's connection is a %T", c)
		}
		tx, err = lent.Conn().Begin(ctx)
		return err
	})
	return tx, rawErr
}
