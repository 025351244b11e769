package journal

import (
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/dgraph-io/badger/v4"
	"github.com/dgraph-io/badger/v4/options"
	"github.com/dgraph-io/badger/v4/y"
)

// storeOptions are small and careful: each commit is synced, checksums are
// verified on the way in, and no value is large enough to leave the tree.
func storeOptions(dir string, logger *slog.Logger) badger.Options {
	return badger.DefaultOptions(dir).
		WithSyncWrites(true).
		WithVerifyValueChecksum(true).
		WithChecksumVerificationMode(options.OnTableAndBlockRead).
		WithCompression(options.None).
		WithMemTableSize(8 << 20).
		WithNumMemtables(2).
		WithValueLogFileSize(16 << 20).
		WithBlockCacheSize(8 << 20).
		WithNumCompactors(2).
		WithDetectConflicts(false).
		WithMetricsEnabled(false).
		WithLogger(quiet{logger})
}

func openStore(dir string, logger *slog.Logger) (db *badger.DB, err error) {
	defer func() {
		if cause := recover(); cause != nil {
			db, err = nil, damaged(dir, cause)
		}
	}()
	if err := inspect(dir); err != nil {
		return nil, err
	}
	db, err = badger.Open(storeOptions(dir, logger))
	for tries := 0; tries < 50 && comesFrom(err, syscall.EWOULDBLOCK); tries++ {
		time.Sleep(20 * time.Millisecond) // the folder is ours: a child that was forked while it closed has yet to close it, too
		db, err = badger.Open(storeOptions(dir, logger))
	}
	switch {
	case err == nil:
		return db, nil
	case comesFrom(err, syscall.EWOULDBLOCK, syscall.ENOSPC, syscall.EACCES, syscall.EMFILE, syscall.EROFS, syscall.ENOMEM, syscall.EPERM):
		return nil, fmt.Errorf("open the journal %s: %w", dir, err)
	default:
		return nil, damaged(dir, err)
	}
}

// comesFrom tells whether one of these is the cause: the store puts most into words only.
func comesFrom(err error, causes ...syscall.Errno) bool {
	return err != nil && slices.ContainsFunc(causes, func(e syscall.Errno) bool {
		return errors.Is(err, e) || strings.Contains(err.Error(), e.Error())
	})
}

// told turns an error of the store, met while reading, into one of ours.
func (j *Journal) told(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, badger.ErrDBClosed):
		return errClosed
	case errors.Is(err, y.ErrChecksumMismatch):
		return damaged(j.dir, err)
	default:
		return fmt.Errorf("read the journal %s: %w", j.dir, err)
	}
}

// quiet hands the store's messages to ours.
type quiet struct{ l *slog.Logger }

func (q quiet) Errorf(f string, a ...any)   { q.l.Error(text(f, a)) }
func (q quiet) Warningf(f string, a ...any) { q.l.Debug(text(f, a)) } // advice on tuning, for whoever looks for it
func (q quiet) Infof(f string, a ...any)    { q.l.Debug(text(f, a)) }
func (q quiet) Debugf(string, ...any)       {}

func text(format string, args []any) string {
	return "journal: " + strings.TrimSpace(fmt.Sprintf(format, args...))
}
