package engine

import (
	"context"
	"encoding/json"

	"gantry/orchestrator/catalog"
	"gantry/orchestrator/flow"
)

// start adds a run and its first event.
func (c *change) start(ctx context.Context, run catalog.Run, ref flow.WorkflowRef) error {
	c.starts++
	run.Namespace, run.Workflow, run.Version = ref.Namespace, ref.Name, ref.Version
	run.Status, run.CreatedAt, run.UpdatedAt = catalog.RunRunning, c.at, c.at
	isNew, err := c.tx.AddRun(ctx, run)
	if err != nil || !isNew {
		return err
	}
	c.reportRun(run, c.at)
	c.add(input{run: run.ID, event: flow.Event{Type: flow.Start, Run: run.ID, Data: run.Input}})
	return nil
}

// ended tells those who wait for a run that it has ended.
func (c *change) ended(ctx context.Context, run catalog.Run) error {
	if c.options.OnRunEnd != nil {
		if err := c.options.OnRunEnd(ctx, c.tx, run); err != nil {
			return err
		}
	}
	if run.ParentID == "" {
		return nil
	}
	event := flow.Event{Type: flow.RunDone, Key: run.ParentKey, Data: run.Output}
	if run.Status != catalog.RunCompleted {
		event = flow.Event{Type: flow.RunFailed, Key: run.ParentKey, Error: &flow.Error{}}
		if err := json.Unmarshal(run.Error, event.Error); err != nil {
			return err
		}
	}
	c.add(input{run: run.ParentID, event: event})
	return nil
}

// giveUp ends a run that can never go on.
func (c *change) giveUp(ctx context.Context, run catalog.Run, why error) error {
	c.options.Logger.ErrorContext(ctx, "a run cannot go on and has failed", "run", run.ID, "error", why)
	fault := &flow.Error{Type: flow.TypeRuntime, Title: "The run cannot go on", Status: 500, Detail: why.Error()}
	if err := setError(&run, fault); err != nil {
		return err
	}
	run.Status, run.Waiting, run.UpdatedAt, run.EndedAt = catalog.RunFailed, nil, c.at, c.at
	if err := c.abandon(ctx, run); err != nil {
		return err
	}
	if err := c.tx.SaveRun(ctx, run); err != nil {
		return err
	}
	c.reportRun(run, c.at)
	return c.ended(ctx, run)
}

// abandon takes back all that a run waits for.
func (c *change) abandon(ctx context.Context, run catalog.Run) error {
	all, err := c.tx.Steps(ctx, run.ID)
	if err != nil {
		return err
	}
	s := newSteps(c, &run, nil)
	for i := range all {
		if !all[i].Open() {
			continue
		}
		s.put(&all[i])
		if all[i].Function == "" {
			all[i].Status = catalog.StepCancelled
		} else if err := c.cancelCall(ctx, s, flow.Command{Key: all[i].Key}); err != nil {
			return err
		}
		if err := c.cancelChild(ctx, run.ID, all[i].Key); err != nil {
			return err
		}
	}
	timers, err := c.tx.Timers(ctx, run.ID)
	if err != nil {
		return err
	}
	for _, timer := range timers {
		if _, err := c.takeTimer(ctx, run.ID, timer.Key); err != nil {
			return err
		}
	}
	return s.save(ctx, c.at)
}
