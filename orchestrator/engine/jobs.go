package engine

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/rivertype"

	"gantry/orchestrator/catalog"
)

// jobs is River on either database.
type jobs interface {
	start(ctx context.Context) error
	stop(ctx context.Context) error
	insert(ctx context.Context, tx catalog.Tx, j job) (id int64, err error)
	cancel(ctx context.Context, tx catalog.Tx, id int64) error // of one that is over: nothing
	wake(queue string)                                         // look for jobs now
}

type job struct {
	args  river.JobArgs
	queue string
	at    time.Time // zero is at once
}

// River's jobs are attempted until they end: what may not go on for ever is ended
// by the engine. The limit fits PostgreSQL's smallint.
const maxAttempts = 30_000

const (
	fetchCooldown = 2 * time.Millisecond // between two looks at a queue: jobs that come meanwhile are fetched at once
	fetchPoll     = time.Second          // a queue is looked at this often without being woken
)

func newJobs(e *Engine) (jobs, error) {
	workers := river.NewWorkers()
	river.AddWorker(workers, &callWorker{e: e})
	river.AddWorker(workers, &timerWorker{e: e})
	config := &river.Config{
		Workers: workers, Queues: e.queues.config(),
		Logger:            slog.New(atLeast{e.options.Logger.Handler(), slog.LevelWarn}),
		JobTimeout:        -1, // a transcode takes as long as it takes
		MaxAttempts:       maxAttempts,
		FetchCooldown:     fetchCooldown,
		FetchPollInterval: fetchPoll,
		SoftStopTimeout:   e.options.Grace,
		RetryPolicy:       retryPolicy{e.options.Retry},

		CompletedJobRetentionPeriod: 10 * time.Minute,
		CancelledJobRetentionPeriod: 10 * time.Minute,
	}
	if e.store.SQLite() != nil {
		return newSQLiteJobs(e.store.SQLite(), config)
	}
	client, err := river.NewClient(riverpgxv5.New(e.store.Pool()), config)
	if err != nil {
		return nil, err
	}
	return &riverJobs[pgx.Tx]{client: client, unwrap: catalog.Tx.PGX}, nil
}

// riverJobs is River with the kind of transaction that the database has.
type riverJobs[TTx any] struct {
	client  *river.Client[TTx]
	unwrap  func(catalog.Tx) TTx
	prepare func(ctx context.Context) error // before the start; may be nil
	ring    func(queue string)              // nil where the database notifies
}

func (r *riverJobs[TTx]) start(ctx context.Context) error {
	if r.prepare != nil {
		if err := r.prepare(ctx); err != nil {
			return err
		}
	}
	return r.client.Start(context.WithoutCancel(ctx))
}

func (r *riverJobs[TTx]) stop(ctx context.Context) error {
	err := r.client.Stop(ctx)
	if err == nil || ctx.Err() == nil {
		return err
	}
	// Whoever waits has no more patience, but the jobs must have ended before the
	// database is closed.
	return r.client.StopAndCancel(context.WithoutCancel(ctx))
}

func (r *riverJobs[TTx]) insert(ctx context.Context, tx catalog.Tx, j job) (int64, error) {
	result, err := r.client.InsertTx(ctx, r.unwrap(tx), j.args, &river.InsertOpts{Queue: j.queue, ScheduledAt: j.at})
	if err != nil {
		return 0, fmt.Errorf("insert a job: %w", err)
	}
	if j.at.IsZero() {
		tx.AfterCommit(func() { r.wake(j.queue) })
	}
	return result.Job.ID, nil
}

func (r *riverJobs[TTx]) cancel(ctx context.Context, tx catalog.Tx, id int64) error {
	_, err := r.client.JobCancelTx(ctx, r.unwrap(tx), id)
	if err != nil && !errors.Is(err, rivertype.ErrNotFound) {
		return fmt.Errorf("cancel a job: %w", err)
	}
	return nil
}

func (r *riverJobs[TTx]) wake(queue string) {
	if r.ring != nil {
		r.ring(queue)
	}
}

type retryPolicy struct{ Retry }

// NextRetry is for jobs that met a mistake of ours or of the database's.
func (p retryPolicy) NextRetry(j *rivertype.JobRow) time.Time {
	return time.Now().UTC().Add(p.delay(min(max(len(j.Errors), 1), 30)))
}

// atLeast passes on what is of a level or above.
type atLeast struct {
	slog.Handler
	level slog.Level
}

func (h atLeast) Enabled(ctx context.Context, level slog.Level) bool {
	return level >= h.level && h.Handler.Enabled(ctx, level)
}

func (h atLeast) WithAttrs(a []slog.Attr) slog.Handler {
	return atLeast{h.Handler.WithAttrs(a), h.level}
}

func (h atLeast) WithGroup(name string) slog.Handler {
	return atLeast{h.Handler.WithGroup(name), h.level}
}
