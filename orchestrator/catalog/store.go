package catalog

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/uptrace/bun"
)

// A Store is an open catalogue. It may be used by many goroutines at once.
type Store struct {
	read    *bun.DB
	writer  writer
	sqlite  *sql.DB
	pool    *pgxpool.Pool
	watch   broadcaster
	closers []func() error
}

// A writer carries out one transaction: all of fn, or nothing. It returns once
// the outcome is known.
type writer interface {
	write(ctx context.Context, fn func(ctx context.Context, tx Tx) error) error
}

// Open opens the catalogue at an address and brings its tables, and River's, up
// to date:
//
//	sqlite:///var/lib/gantry/gantry.db
//	postgres://user@host/database
//
// A SQLite file belongs to one process at a time: a second one is refused.
func Open(ctx context.Context, address string) (*Store, error) {
	u, err := url.Parse(address)
	if err != nil {
		return nil, errors.New("the database's address does not parse: write sqlite:///path/file.db or postgres://user@host/database")
	}
	s := &Store{}
	switch u.Scheme {
	case "sqlite":
		err = s.openSQLite(ctx, u)
	case "postgres", "postgresql":
		err = s.openPostgres(ctx, address)
	default:
		err = fmt.Errorf("the database's address begins with %q: write sqlite:///path/file.db or postgres://user@host/database", u.Scheme)
	}
	if err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// Close ends what is under way and releases the database.
func (s *Store) Close() error {
	var errs []error
	for i := len(s.closers) - 1; i >= 0; i-- {
		errs = append(errs, s.closers[i]())
	}
	s.closers = nil
	return errors.Join(errs...)
}

// SQLite gives the connection that writes, to share with River; nil on
// PostgreSQL. It is a single one: who uses it inside Write waits for ever.
func (s *Store) SQLite() *sql.DB { return s.sqlite }

// Pool gives PostgreSQL's connections, to share with River; nil on SQLite.
func (s *Store) Pool() *pgxpool.Pool { return s.pool }

type writing struct{}

// Write carries out one transaction: all that fn wrote is kept if fn returns nil,
// and nothing otherwise. It returns once the outcome is durable. fn's context
// does not end with the caller's, so that a transaction is never left half way;
// once fn has begun, Write waits for it. Write inside fn is refused.
//
// On SQLite, calls that come at the same time share a commit; each of them still
// succeeds or fails by itself.
//
// [ErrBusy] means that nothing was written and the same call may succeed later.
func (s *Store) Write(ctx context.Context, fn func(ctx context.Context, tx Tx) error) error {
	if ctx.Value(writing{}) != nil {
		return errors.New("a transaction inside a transaction: hand the outer one on")
	}
	var last Tx
	err := s.writer.write(ctx, func(ctx context.Context, tx Tx) error {
		last = tx
		return fn(context.WithValue(ctx, writing{}, true), tx)
	})
	if err != nil {
		return translate(err)
	}
	for _, fn := range last.state.after {
		fn()
	}
	if last.state.events {
		s.watch.wake()
	}
	return nil
}

// Read shows the catalogue as it is at one moment. It does not wait for writers.
func (s *Store) Read(ctx context.Context, fn func(ctx context.Context, r Reader) error) error {
	options := &sql.TxOptions{ReadOnly: true}
	if s.pool != nil {
		options.Isolation = sql.LevelRepeatableRead
	}
	tx, err := s.read.BeginTx(ctx, options)
	if err != nil {
		return translate(err)
	}
	defer tx.Rollback() //nolint:errcheck // nothing was written
	return translate(fn(ctx, Reader{db: tx}))
}

// Watch gives a channel that is closed when the next event has been committed.
// To miss none, call it before reading the events that are there.
func (s *Store) Watch() <-chan struct{} { return s.watch.wait() }

// Ping tells whether the database answers.
func (s *Store) Ping(ctx context.Context) error { return translate(s.read.PingContext(ctx)) }
