package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"gantry/orchestrator/catalog"
	"gantry/orchestrator/flow"
)

// command does what the core wants done.
func (c *change) command(ctx context.Context, s *steps, m flow.Command, in input) error {
	switch m.Type {
	case flow.Report:
		return s.report(ctx, m)
	case flow.Call:
		return c.call(ctx, s, m)
	case flow.CancelCall:
		return c.cancelCall(ctx, s, m)
	case flow.StartTimer:
		return c.startTimer(ctx, s, m)
	case flow.CancelTimer:
		_, err := c.takeTimer(ctx, s.run.ID, m.Key)
		return err
	case flow.StartRun:
		return c.startChild(ctx, s, m)
	case flow.CancelRun:
		return c.cancelChild(ctx, s.run.ID, m.Key)
	case flow.Complete:
		s.run.Output = m.Output
		return nil
	case flow.Fail:
		return setError(s.run, m.Error)
	case flow.Cancelled:
		return setError(s.run, &flow.Error{Type: typeCancelled, Title: "Cancelled", Status: 499, Detail: in.reason})
	default:
		return fmt.Errorf("run %s: the core gave the unknown command %q", s.run.ID, m.Type)
	}
}

// typeCancelled is the type of the error that a parent gets of a cancelled run.
const typeCancelled = "https://gantry.media/errors/cancelled"

func setError(run *catalog.Run, fault *flow.Error) (err error) {
	run.Error, err = json.Marshal(fault)
	return err
}

// call schedules a call. The step has one job at a time, made in the transaction
// that makes the step.
func (c *change) call(ctx context.Context, s *steps, m flow.Command) error {
	step, err := s.get(ctx, m.Key)
	if err != nil {
		return err
	}
	step.Task, step.Name, step.Function, step.Input = m.Task, m.Name, m.Function, m.Input
	step.Status = catalog.StepScheduled
	step.Job, err = c.jobs.insert(ctx, c.tx, job{
		args:  callArgs{Run: s.run.ID, Key: m.Key, Asset: s.run.AssetID},
		queue: c.queues.of(m.Function),
	})
	return err
}

func (c *change) cancelCall(ctx context.Context, s *steps, m flow.Command) error {
	step, err := s.get(ctx, m.Key)
	if err != nil || !step.Open() {
		return err
	}
	step.Status = catalog.StepCancelled
	key := callKey(s.run.ID, m.Key)
	c.tx.AfterCommit(func() { c.calls.cancel(key) })
	return c.jobs.cancel(ctx, c.tx, step.Job)
}

func (c *change) startTimer(ctx context.Context, s *steps, m flow.Command) error {
	s.waiting(m.Key)
	timer := catalog.Timer{RunID: s.run.ID, Key: m.Key, Due: m.Due}
	var err error
	timer.Job, err = c.jobs.insert(ctx, c.tx, job{args: timerArgs{Run: s.run.ID, Key: m.Key}, queue: queueTimers, at: m.Due})
	if err != nil {
		return err
	}
	c.tx.AfterCommit(func() { c.timers.add(timer) })
	return c.tx.AddTimer(ctx, timer)
}

// takeTimer takes a timer back; false if it has fired already.
func (c *change) takeTimer(ctx context.Context, runID, key string) (bool, error) {
	timer, found, err := c.tx.TakeTimer(ctx, runID, key)
	if err != nil || !found {
		return false, err
	}
	return true, c.jobs.cancel(ctx, c.tx, timer.Job)
}

func (c *change) startChild(ctx context.Context, s *steps, m flow.Command) error {
	s.waiting(m.Key)
	err := c.mayStart(ctx, *s.run)
	var ref flow.WorkflowRef
	if err == nil {
		ref, err = c.latest(ctx, *m.Workflow)
	}
	if err == nil {
		child := catalog.Run{ID: catalog.NewID(catalog.PrefixRun, c.at), AssetID: s.run.AssetID, ParentID: s.run.ID, ParentKey: m.Key, Input: m.Input}
		return c.start(ctx, child, ref)
	}
	if !errors.Is(err, catalog.ErrNotFound) && !errors.Is(err, errTooMany) {
		return err
	}
	fault := &flow.Error{Type: flow.TypeConfiguration, Title: "The workflow cannot be run", Status: 400, Detail: err.Error()}
	c.add(input{run: s.run.ID, event: flow.Event{Type: flow.RunFailed, Key: m.Key, Error: fault}})
	return nil
}

// latest puts a version in for "latest".
func (c *change) latest(ctx context.Context, ref flow.WorkflowRef) (flow.WorkflowRef, error) {
	if ref.Version == "latest" && c.options.Current != nil {
		version, ok := c.options.Current(ref.Namespace, ref.Name)
		if !ok {
			return ref, fmt.Errorf("workflow %s/%s: %w: apply it again", ref.Namespace, ref.Name, catalog.ErrNotFound)
		}
		ref.Version = version
	}
	return newest(ctx, c.tx.Reader, ref)
}

var errTooMany = errors.New("too many runs")

// mayStart keeps workflows that run themselves from filling the database.
func (c *change) mayStart(ctx context.Context, parent catalog.Run) error {
	if c.starts >= maxStarts {
		return fmt.Errorf("%w: %d started at once", errTooMany, c.starts)
	}
	for depth := 1; parent.ParentID != ""; depth++ {
		if depth >= maxDepth {
			return fmt.Errorf("%w: %d inside each other: does a workflow run itself?", errTooMany, depth)
		}
		var err error
		if parent, err = c.tx.Run(ctx, parent.ParentID); err != nil {
			return err
		}
	}
	return nil
}

func (c *change) cancelChild(ctx context.Context, runID, key string) error {
	child, err := c.tx.ChildRun(ctx, runID, key)
	if errors.Is(err, catalog.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	c.add(input{run: child.ID, event: flow.Event{Type: flow.Cancel}, reason: "the run " + runID + " no longer waits for it"})
	return nil
}
