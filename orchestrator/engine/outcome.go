package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/riverqueue/river"

	"gantry/orchestrator/catalog"
	"gantry/orchestrator/function"
)

// endCall takes down what became of an attempt, and tells River what to do with
// the job.
func (e *Engine) endCall(ctx context.Context, step catalog.Step, args callArgs, output json.RawMessage, err error) error {
	if ctx.Err() != nil && err != nil && !errors.Is(err, function.ErrPending) {
		if errors.Is(context.Cause(ctx), errCallCancelled) {
			return nil
		}
		return e.putBack(ctx, step, args)
	}
	var next time.Duration
	var record func(c *change, s catalog.Step) error
	switch {
	case errors.Is(err, function.ErrPending):
		record = func(c *change, s catalog.Step) error {
			s.Status = catalog.StepWaiting
			return c.saveStep(ctx, args.Asset, s, "")
		}
	case transient(err) && step.Attempt < e.options.Retry.Attempts:
		next = e.options.Retry.delay(step.Attempt)
		record = func(c *change, s catalog.Step) (err2 error) {
			s.Status, s.Attempt = catalog.StepRetrying, s.Attempt+1
			if s.Error, err2 = json.Marshal(faultOf(err)); err2 != nil {
				return err2
			}
			return c.saveStep(ctx, args.Asset, s, fmt.Sprintf("again in %s", next))
		}
	default:
		record = func(c *change, s catalog.Step) error {
			s.Error = nil
			c.result(s, output, faultOf(err))
			return c.carryOut(ctx)
		}
	}
	if err := e.record(ctx, step, record); err != nil {
		return e.again(ctx, "take down the end of a call", args, err)
	}
	if next > 0 {
		time.AfterFunc(next+wakeMargin, func() { e.jobs.wake(e.queues.of(step.Function)) })
		return river.JobSnooze(next)
	}
	return nil
}

// wakeMargin lets River put a job off before its queue is looked at.
const wakeMargin = 50 * time.Millisecond

// record writes the end of an attempt, unless the step got its result elsewhere or
// was started anew. The work is done, so a busy database is waited for.
func (e *Engine) record(ctx context.Context, step catalog.Step, fn func(*change, catalog.Step) error) error {
	for wait := 50 * time.Millisecond; ; wait = min(2*wait, 5*time.Second) {
		err := e.store.Write(context.WithoutCancel(ctx), func(ctx context.Context, tx catalog.Tx) error {
			now, err := tx.LockStep(ctx, step.RunID, step.Key)
			if err != nil || now.Fence != step.Fence || now.Status != catalog.StepRunning {
				return err
			}
			return fn(e.change(tx), now)
		})
		if !errors.Is(err, catalog.ErrBusy) {
			return err
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(wait):
		}
	}
}

// putBack leaves a call that was ended by Stop to the next start.
func (e *Engine) putBack(ctx context.Context, step catalog.Step, args callArgs) error {
	err := e.record(ctx, step, func(c *change, s catalog.Step) error {
		s.Status = catalog.StepScheduled
		return c.saveStep(context.WithoutCancel(ctx), args.Asset, s, "the engine stops: taken up again at its next start")
	})
	if err != nil {
		return e.again(ctx, "put a call back", args, err)
	}
	return river.JobSnooze(0)
}

// again has River try a job once more after what should not happen.
func (e *Engine) again(ctx context.Context, what string, args callArgs, err error) error {
	if ctx.Err() == nil {
		e.options.Logger.ErrorContext(ctx, "could not "+what+", trying again", "run", args.Run, "key", args.Key, "error", err)
	}
	return river.JobSnooze(e.options.Retry.First)
}
