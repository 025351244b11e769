package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"runtime/debug"

	"github.com/riverqueue/river"

	"gantry/orchestrator/catalog"
	"gantry/orchestrator/function"
)

// callArgs are the job of a call.
type callArgs struct {
	Run   string `json:"run"`
	Key   string `json:"key"`
	Asset string `json:"asset,omitempty"`
}

// Kind names the job in River.
func (callArgs) Kind() string { return "gantry_call" }

type callWorker struct {
	river.WorkerDefaults[callArgs]
	e *Engine
}

// Work makes one attempt at a call. The job may be worked again after its result
// has been committed, as after a crash: the step is closed then.
func (w *callWorker) Work(ctx context.Context, j *river.Job[callArgs]) error {
	e, args := w.e, j.Args
	callCtx, leave := e.calls.enter(ctx, callKey(args.Run, args.Key))
	defer leave()
	step, open, err := e.beginCall(ctx, args)
	if errors.Is(err, catalog.ErrNotFound) {
		e.options.Logger.ErrorContext(ctx, "a job is about a step that there is not, dropping it", "run", args.Run, "key", args.Key)
		return nil
	}
	if err != nil {
		return e.again(ctx, "begin a call", args, err)
	}
	if !open {
		return nil
	}
	var output json.RawMessage
	if step.Lost >= e.options.Retry.Starts {
		err = &function.Fault{
			Type: "runtime", Status: 500, Title: "The call never ends",
			Detail: fmt.Sprintf("%s was started %d times and neither returned nor failed: does it take the process down?", step.Function, step.Lost),
		}
	} else {
		output, err = e.invoke(callCtx, step, args)
	}
	return e.endCall(callCtx, step, args, output, err)
}

// beginCall marks the step as running, with a new fence. One that runs already was
// lost: its process ended without a word.
func (e *Engine) beginCall(ctx context.Context, args callArgs) (step catalog.Step, open bool, err error) {
	err = e.store.Write(ctx, func(ctx context.Context, tx catalog.Tx) (err error) {
		if step, err = tx.LockStep(ctx, args.Run, args.Key); err != nil {
			return err
		}
		open = step.Open() && step.Status != catalog.StepWaiting
		if !open {
			return nil
		}
		c := e.change(tx)
		if step.Status == catalog.StepRunning {
			step.Lost++
		}
		step.Status, step.Fence, step.Attempt = catalog.StepRunning, step.Fence+1, max(step.Attempt, 1)
		if step.StartedAt.IsZero() {
			step.StartedAt = c.at
		}
		return c.saveStep(ctx, args.Asset, step, "")
	})
	return step, open, err
}

// saveStep writes a step whose run does not change.
func (c *change) saveStep(ctx context.Context, asset string, step catalog.Step, detail string) error {
	if err := c.tx.SaveStep(ctx, step); err != nil {
		return err
	}
	c.reportStep(asset, step, detail, c.at)
	return c.carryOut(ctx)
}

// invoke calls the function. A panic is a Fault.
func (e *Engine) invoke(ctx context.Context, step catalog.Step, args callArgs) (output json.RawMessage, err error) {
	f, ok := e.options.Functions[step.Function]
	if !ok {
		return nil, &function.Fault{Type: "configuration", Status: 400, Title: "There is no function " + step.Function, Detail: "it was there when the workflow was registered: install it again, or register a workflow without it"}
	}
	progress := e.newProgress(step)
	defer progress.close()
	defer func() {
		if r := recover(); r != nil {
			e.options.Logger.Error("a function panicked", "function", step.Function, "run", args.Run, "key", args.Key, "panic", r, "stack", string(debug.Stack()))
			err = &function.Fault{Type: "runtime", Status: 500, Title: "The function panicked", Detail: fmt.Sprint(r)}
		}
	}()
	output, err = f.Run(ctx, function.Call{
		Key: callKey(args.Run, args.Key), Run: args.Run, Asset: args.Asset, Task: step.Task, Name: step.Name,
		Attempt: step.Attempt, Input: step.Input, Progress: progress.note,
	})
	if err == nil && len(output) > 0 && !json.Valid(output) {
		return nil, &function.Fault{Type: "runtime", Status: 500, Title: "The function's output is not JSON", Detail: step.Function}
	}
	return output, err
}
