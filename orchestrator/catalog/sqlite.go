package catalog

import (
	"context"
	"database/sql"
	"fmt"
	"net/url"
	"os"
	"path/filepath"

	"github.com/pressly/goose/v3"
	"github.com/riverqueue/river/riverdriver/riversqlite"
	"github.com/uptrace/bun"
	"github.com/uptrace/bun/dialect/sqlitedialect"
	"golang.org/x/mod/semver"
	"modernc.org/sqlite"
)

// Older versions can lose what was committed to the write-ahead log.
const minSQLite = "3.51.3"

const readers = 4

func (s *Store) openSQLite(ctx context.Context, u *url.URL) error {
	path := u.Path
	if u.Host != "" || u.Opaque != "" || path == "" || u.RawQuery != "" {
		return fmt.Errorf("the database's address %q names no file: write sqlite:///path/file.db", u.Redacted())
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return fmt.Errorf("make the database's folder: %w", err)
	}
	unlock, err := lockFile(path + ".lock")
	if err != nil {
		return fmt.Errorf("the database %s is in use by another process, stop that one first: %w", path, err)
	}
	s.closers = append(s.closers, unlock)

	write, err := openSQLiteFile(path, "immediate", 1)
	if err != nil {
		return err
	}
	s.closers = append(s.closers, write.Close)
	if err := checkSQLite(ctx, write); err != nil {
		return fmt.Errorf("open %s: %w", path, err)
	}
	if err := migrate(ctx, goose.DialectSQLite3, write, riversqlite.New(write)); err != nil {
		return fmt.Errorf("bring %s up to date: %w", path, err)
	}
	read, err := openSQLiteFile(path, "deferred", readers, "query_only(1)")
	if err != nil {
		return err
	}
	s.closers = append(s.closers, read.Close)

	group := newGroupWriter(bun.NewDB(write, sqlitedialect.New()))
	s.closers = append(s.closers, group.close)
	s.sqlite, s.writer, s.read = write, group, bun.NewDB(read, sqlitedialect.New())
	return nil
}

func openSQLiteFile(path, txlock string, connections int, pragmas ...string) (*sql.DB, error) {
	q := url.Values{"_txlock": {txlock}}
	for _, p := range append([]string{"busy_timeout(5000)", "journal_mode(WAL)", "synchronous(FULL)", "foreign_keys(ON)"}, pragmas...) {
		q.Add("_pragma", p)
	}
	dsn := &url.URL{Scheme: "file", OmitHost: true, Path: path, RawQuery: q.Encode()}
	connector, err := sqlite.NewConnector(dsn.String())
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	db := sql.OpenDB(keeper{connector})
	db.SetMaxOpenConns(connections)
	db.SetMaxIdleConns(connections)
	return db, nil
}

func checkSQLite(ctx context.Context, db *sql.DB) error {
	var version, journal string
	if err := db.QueryRowContext(ctx, "SELECT sqlite_version()").Scan(&version); err != nil {
		return translate(err)
	}
	if semver.Compare("v"+version, "v"+minSQLite) < 0 {
		return fmt.Errorf("SQLite is %s, but at least %s is needed: build with a newer modernc.org/sqlite", version, minSQLite)
	}
	if err := db.QueryRowContext(ctx, "PRAGMA journal_mode").Scan(&journal); err != nil {
		return translate(err)
	}
	if journal != "wal" {
		return fmt.Errorf("the journal mode is %q, not WAL: put the database on a local file system", journal)
	}
	return nil
}
