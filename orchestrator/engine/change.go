package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"gantry/orchestrator/catalog"
	"gantry/orchestrator/flow"
)

// Bounds of what one transaction may start: a workflow may run itself.
const (
	maxStarts = 200
	maxDepth  = 16
)

// A change is what one transaction does to runs: an event to one of them may be
// the start, the end or an event of others.
type change struct {
	*Engine
	tx     catalog.Tx
	at     time.Time
	todo   []input
	starts int
	events []catalog.Event
}

// An input is an event for a run.
type input struct {
	run    string
	event  flow.Event
	step   *catalog.Step // that the event is about, if it was read
	reason string        // of a cancellation
}

func (e *Engine) change(tx catalog.Tx) *change { return &change{Engine: e, tx: tx, at: e.now()} }

func (c *change) add(in input) { c.todo = append(c.todo, in) }

// result adds what became of a call.
func (c *change) result(step catalog.Step, output []byte, fault *flow.Error) {
	event := flow.Event{Type: flow.CallDone, Key: step.Key, Data: output}
	if fault != nil {
		event.Type, event.Data, event.Error = flow.CallFailed, nil, fault
	} else {
		step.Output = output
	}
	c.add(input{run: step.RunID, event: event, step: &step})
}

// carryOut works off all inputs, and those that follow from them. The timeline
// comes last: on PostgreSQL its lock is held until the commit.
func (c *change) carryOut(ctx context.Context) error {
	for len(c.todo) > 0 {
		in := c.todo[0]
		c.todo = c.todo[1:]
		if err := c.deliver(ctx, in); err != nil {
			return err
		}
	}
	for _, event := range c.events {
		if _, _, err := c.tx.AppendEvent(ctx, event); err != nil {
			return err
		}
	}
	return nil
}

func (c *change) deliver(ctx context.Context, in input) error {
	run, err := c.tx.LockRun(ctx, in.run)
	if err != nil || run.Ended() {
		return err
	}
	err = c.advance(ctx, &run, in)
	var poison *unreadable
	if errors.As(err, &poison) {
		return c.giveUp(ctx, run, poison)
	}
	return err
}

// advance takes a run one event further.
func (c *change) advance(ctx context.Context, run *catalog.Run, in input) error {
	def, err := c.known.get(ctx, c.tx.Reader, flow.WorkflowRef{Namespace: run.Namespace, Name: run.Workflow, Version: run.Version})
	if err != nil {
		return err
	}
	var state flow.State
	if len(run.State) > 0 {
		if err := json.Unmarshal(run.State, &state); err != nil {
			return &unreadable{fmt.Errorf("the run's state cannot be read: %w", err)}
		}
	}
	in.event.At = c.at
	if run.UpdatedAt.After(c.at) {
		in.event.At = run.UpdatedAt // the core's time never goes back
	}
	state, commands := flow.Advance(def, state, in.event)
	s := newSteps(c, run, in.step)
	for _, command := range commands {
		if err := c.command(ctx, s, command, in); err != nil {
			return err
		}
	}
	waited := len(commands) > 0
	if !waited && in.step != nil {
		in.step.Status = catalog.StepCancelled // a result that the run does not wait for
	}
	if err := s.save(ctx, in.event.At); err != nil || !waited {
		return err
	}
	return c.settle(ctx, run, state, in.event.At)
}

// settle writes down how the run stands after an event.
func (c *change) settle(ctx context.Context, run *catalog.Run, state flow.State, at time.Time) error {
	before := run.Status
	var err error
	if run.State, err = json.Marshal(state); err != nil {
		return fmt.Errorf("encode the state of run %s: %w", run.ID, err)
	}
	if run.Waiting, err = json.Marshal(state.Waiting()); err != nil {
		return fmt.Errorf("encode what run %s waits for: %w", run.ID, err)
	}
	run.Status, run.UpdatedAt = statuses[state.Status], at
	if run.Ended() {
		run.EndedAt = at
		run.Waiting = nil
	}
	if err := c.tx.SaveRun(ctx, *run); err != nil {
		return err
	}
	if run.Status != before {
		c.reportRun(*run, at)
	}
	if run.Ended() {
		return c.ended(ctx, *run)
	}
	return nil
}

var statuses = map[flow.Status]string{
	flow.StatusPending:   catalog.RunRunning,
	flow.StatusRunning:   catalog.RunRunning,
	flow.StatusWaiting:   catalog.RunWaiting,
	flow.StatusCompleted: catalog.RunCompleted,
	flow.StatusFaulted:   catalog.RunFailed,
	flow.StatusCancelled: catalog.RunCancelled,
}
