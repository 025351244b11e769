package engine

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"sync"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver"
	"github.com/riverqueue/river/riverdriver/riversqlite"

	"gantry/orchestrator/catalog"
)

func newSQLiteJobs(db *sql.DB, config *river.Config) (jobs, error) {
	b := &bell{rung: make(chan struct{}, 1)}
	client, err := river.NewClient(&sqliteDriver{riversqlite.New(db), b}, config)
	if err != nil {
		return nil, err
	}
	return &riverJobs[*sql.Tx]{
		client: client, unwrap: catalog.Tx.SQL, ring: b.ring,
		prepare: func(ctx context.Context) error { return takeUp(ctx, db) },
	}, nil
}

// takeUp makes the jobs available that ran when the last process ended. The
// database is ours alone, so nobody works on them.
func takeUp(ctx context.Context, db *sql.DB) error {
	for _, statement := range []string{
		"UPDATE river_job SET state = 'available' WHERE state = 'running'",
		"DELETE FROM river_leader",
	} {
		if _, err := db.ExecContext(ctx, statement); err != nil {
			return fmt.Errorf("take up the jobs of the last process: %w", err)
		}
	}
	return nil
}

// A sqliteDriver is River's, but is notified of jobs inside the process: SQLite
// cannot, and River's way round that is a table which it reads every 50 ms.
type sqliteDriver struct {
	*riversqlite.Driver
	bell *bell
}

// GetListener gives the one listener that there is.
func (d *sqliteDriver) GetListener(*riverdriver.GetListenenerParams) riverdriver.Listener {
	return d.bell
}

// SupportsListenNotify keeps River from writing notifications to its table.
func (d *sqliteDriver) SupportsListenNotify() bool { return false }

// River's topic of new jobs.
const topicInsert = "river_insert"

// A bell tells River which queues have new jobs.
type bell struct {
	mu     sync.Mutex
	queues map[string]bool
	rung   chan struct{}
}

func (b *bell) ring(queue string) {
	b.mu.Lock()
	if b.queues == nil {
		b.queues = map[string]bool{}
	}
	b.queues[queue] = true
	b.mu.Unlock()
	select {
	case b.rung <- struct{}{}:
	default:
	}
}

// WaitForNotification gives one queue at a time.
func (b *bell) WaitForNotification(ctx context.Context) (*riverdriver.Notification, error) {
	for {
		if queue, ok := b.take(); ok {
			payload, err := json.Marshal(map[string]string{"queue": queue})
			return &riverdriver.Notification{Topic: topicInsert, Payload: string(payload)}, err
		}
		select {
		case <-b.rung:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

func (b *bell) take() (string, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for queue := range b.queues {
		delete(b.queues, queue)
		return queue, true
	}
	return "", false
}

// The rest of riverdriver.Listener: there is no connection.

func (b *bell) Close(context.Context) error            { return nil }
func (b *bell) Connect(context.Context) error          { return nil }
func (b *bell) Listen(context.Context, string) error   { return nil }
func (b *bell) Ping(context.Context) error             { return nil }
func (b *bell) Schema() string                         { return "" }
func (b *bell) SetAfterConnectExec(string)             {}
func (b *bell) Unlisten(context.Context, string) error { return nil }
