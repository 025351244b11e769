package catalog

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5/pgconn"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// What a caller decides on when the catalogue refuses.
var (
	ErrNotFound = errors.New("not found")
	ErrFenced   = errors.New("the lease is somebody else's now")
	ErrConflict = errors.New("already there with other content")
	// ErrBusy means that nothing was written, and that the same call may succeed
	// later: the database is locked, full, out of reach or short of memory.
	ErrBusy = errors.New("the database cannot take this now, try again later")
)

// translate gives a database's error the kind that callers decide on.
func translate(err error) error {
	switch {
	case err == nil || errors.Is(err, ErrBusy) || errors.Is(err, context.Canceled):
		return err
	case errors.Is(err, sql.ErrNoRows):
		return ErrNotFound
	case transient(err):
		return fmt.Errorf("%w: %w", ErrBusy, err)
	default:
		return err
	}
}

func transient(err error) bool {
	var lite *sqlite.Error
	if errors.As(err, &lite) {
		switch lite.Code() & 0xff {
		case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_NOMEM, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_INTERRUPT:
			return true
		}
		return false
	}
	var pg *pgconn.PgError
	if errors.As(err, &pg) && len(pg.Code) == 5 {
		switch pg.Code[:2] {
		case "08", "40", "53", "55", "57": // connection, rollback, resources, lock, intervention
			return true
		}
		return false
	}
	var connect *pgconn.ConnectError
	return errors.As(err, &connect) || errors.Is(err, errWriterClosed)
}
