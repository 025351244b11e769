package engine

import (
	"context"
	"fmt"
	"time"

	"gantry/orchestrator/catalog"
	"gantry/orchestrator/flow"
)

// An Engine runs workflows. It may be used by many goroutines at once.
type Engine struct {
	options Options
	store   *catalog.Store
	queues  queues
	jobs    jobs
	timers  *wheel
	calls   callTable
	known   definitions
}

// New makes an engine that does not work yet: see Start.
func New(o Options) (*Engine, error) {
	if err := o.complete(); err != nil {
		return nil, err
	}
	e := &Engine{options: o, store: o.Store}
	var err error
	if e.queues, err = newQueues(o); err != nil {
		return nil, err
	}
	e.timers = newWheel(e)
	if e.jobs, err = newJobs(e); err != nil {
		return nil, fmt.Errorf("make the job queue: %w", err)
	}
	return e, nil
}

// Start takes up work: what was running when the last process ended, timers that
// became due meanwhile, and what comes. It returns when that has begun. The
// context bounds the start only.
func (e *Engine) Start(ctx context.Context) error {
	if err := e.jobs.start(ctx); err != nil {
		return fmt.Errorf("start the job queue: %w", err)
	}
	var timers []catalog.Timer
	err := e.store.Read(ctx, func(ctx context.Context, r catalog.Reader) (err error) {
		timers, err = r.Timers(ctx, "")
		return err
	})
	if err != nil {
		return fmt.Errorf("take up timers: %w", err)
	}
	e.timers.start(timers)
	return nil
}

// Stop takes up no more work and waits for running calls: for Options.Grace they
// may end by themselves, then they are cancelled, as they are when ctx ends. What
// did not end is taken up again at the next start.
func (e *Engine) Stop(ctx context.Context) error {
	e.timers.stop()
	return e.jobs.stop(ctx)
}

// Resolve brings the result of a call that returned function.ErrPending: output,
// or a fault. key is function.Call.Key. Only the first result counts; one that is
// late or repeated changes nothing.
func (e *Engine) Resolve(ctx context.Context, tx catalog.Tx, runID, key string, output []byte, fault *flow.Error) error {
	key = stepKey(runID, key)
	step, err := tx.LockStep(ctx, runID, key)
	if err != nil {
		return err
	}
	if !step.Open() {
		return nil
	}
	c := e.change(tx)
	c.result(step, output, fault)
	return c.carryOut(ctx)
}

// Cancel ends a run and all that it waits for, with its sub-workflows. A run that
// has ended stays as it is.
func (e *Engine) Cancel(ctx context.Context, runID, reason string) error {
	return e.store.Write(ctx, func(ctx context.Context, tx catalog.Tx) error {
		c := e.change(tx)
		c.add(input{run: runID, event: flow.Event{Type: flow.Cancel}, reason: reason})
		return c.carryOut(ctx)
	})
}

func (e *Engine) now() time.Time { return e.options.Now().UTC() }
