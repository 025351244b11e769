package catalog

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/uptrace/bun"
)

// Bounds of what shares one commit: each member waits for the others.
const (
	groupMembers = 64
	groupTime    = 10 * time.Millisecond
)

var errWriterClosed = errors.New("the catalogue is closed")

// A groupWriter writes to SQLite. A commit waits for the disk, and the disk takes
// as long for many changes as for one: so transactions that come while a commit
// is under way share the next one, each inside a savepoint of its own.
type groupWriter struct {
	db    *bun.DB
	queue chan *member
	quit  chan struct{}
	done  chan struct{}
}

type member struct {
	ctx   context.Context
	fn    func(context.Context, Tx) error
	taken atomic.Bool // by the writer, or by a caller who gave up
	state *txState
	end   chan outcome
}

type outcome struct {
	err      error
	panicked any
}

func newGroupWriter(db *bun.DB) *groupWriter {
	w := &groupWriter{db: db, queue: make(chan *member), quit: make(chan struct{}), done: make(chan struct{})}
	go w.run()
	return w
}

func (w *groupWriter) close() error {
	close(w.quit)
	<-w.done
	return nil
}

func (w *groupWriter) write(ctx context.Context, fn func(context.Context, Tx) error) error {
	m := &member{ctx: ctx, fn: fn, end: make(chan outcome, 1)}
	select {
	case w.queue <- m:
	case <-ctx.Done():
		return ctx.Err()
	case <-w.quit:
		return errWriterClosed
	}
	var o outcome
	select {
	case o = <-m.end:
	case <-ctx.Done():
		if m.taken.CompareAndSwap(false, true) {
			return ctx.Err()
		}
		o = <-m.end
	}
	if o.panicked != nil {
		panic(o.panicked)
	}
	return o.err
}

func (w *groupWriter) run() {
	defer close(w.done)
	for {
		select {
		case m := <-w.queue:
			w.commit(m)
		case <-w.quit:
			return
		}
	}
}

// commit carries out first and whoever comes meanwhile.
func (w *groupWriter) commit(first *member) {
	ctx := context.Background()
	tx, err := w.db.BeginTx(ctx, nil)
	if err != nil {
		w.reset(ctx)
		first.end <- outcome{err: fmt.Errorf("begin: %w", err)}
		return
	}
	var kept []*member
	for m, began := first, time.Now(); m != nil; m = w.next(len(kept), began) {
		if !m.taken.CompareAndSwap(false, true) {
			continue
		}
		o, broken := m.run(ctx, tx)
		if broken != nil {
			_ = tx.Rollback() // SQLite has done so already
			w.reset(ctx)
			m.end <- outcome{err: errors.Join(o.err, fmt.Errorf("%w: %w", ErrBusy, broken)), panicked: o.panicked}
			finish(kept, fmt.Errorf("%w: a transaction beside this one failed: %w", ErrBusy, broken))
			return
		}
		if o.err != nil || o.panicked != nil {
			m.end <- o
			continue
		}
		kept = append(kept, m)
	}
	if err := tx.Commit(); err != nil {
		w.reset(ctx)
		finish(kept, fmt.Errorf("commit: %w", err))
		return
	}
	finish(kept, nil)
}

// next gives whoever waits, or nil when it is time to commit.
func (w *groupWriter) next(members int, began time.Time) *member {
	if members >= groupMembers || time.Since(began) > groupTime {
		return nil
	}
	select {
	case m := <-w.queue:
		return m
	default:
		return nil
	}
}

// reset frees the connection of a transaction that a failed commit left open.
// There is none as a rule, and then this fails.
func (w *groupWriter) reset(ctx context.Context) { _, _ = w.db.ExecContext(ctx, "ROLLBACK") }

// run carries out one member. broken means that SQLite gave up the transaction
// that all members share, as it does when the disk is full.
func (m *member) run(ctx context.Context, tx bun.Tx) (o outcome, broken error) {
	if _, err := tx.ExecContext(ctx, "SAVEPOINT member"); err != nil {
		return outcome{}, err
	}
	m.state = &txState{sql: tx.Tx}
	o = m.call(Tx{Reader: Reader{db: tx}, state: m.state})
	if o.err != nil || o.panicked != nil {
		if _, err := tx.ExecContext(ctx, "ROLLBACK TO member"); err != nil {
			return o, err
		}
	}
	_, broken = tx.ExecContext(ctx, "RELEASE member")
	return o, broken
}

func (m *member) call(tx Tx) (o outcome) {
	defer func() {
		if r := recover(); r != nil {
			o = outcome{panicked: r}
		}
	}()
	return outcome{err: m.fn(context.WithoutCancel(m.ctx), tx)}
}

func finish(members []*member, err error) {
	for _, m := range members {
		m.end <- outcome{err: err}
	}
}
