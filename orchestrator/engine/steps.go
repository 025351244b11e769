package engine

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"gantry/orchestrator/catalog"
	"gantry/orchestrator/flow"
)

// steps are those of one run that a transaction touches. Each is written once, as
// it stands in the end.
type steps struct {
	c     *change
	run   *catalog.Run
	by    map[string]*step
	order []*step
}

type step struct {
	*catalog.Step
	isNew  bool
	before string // its status
	detail string // of the last report
}

func newSteps(c *change, run *catalog.Run, known *catalog.Step) *steps {
	s := &steps{c: c, run: run, by: map[string]*step{}}
	if known != nil {
		s.put(known)
	}
	return s
}

func (s *steps) put(known *catalog.Step) *step {
	return s.keep(&step{Step: known, before: known.Status})
}

func (s *steps) keep(n *step) *step {
	s.by[n.Key] = n
	s.order = append(s.order, n)
	return n
}

// get gives a step, or a new one if the run has none of the key.
func (s *steps) get(ctx context.Context, key string) (*step, error) {
	if n, ok := s.by[key]; ok {
		return n, nil
	}
	known, err := s.c.tx.LockStep(ctx, s.run.ID, key)
	switch {
	case err == nil:
		return s.put(&known), nil
	case errors.Is(err, catalog.ErrNotFound):
		return s.fresh(key), nil
	default:
		return nil, err
	}
}

func (s *steps) fresh(key string) *step {
	return s.keep(&step{Step: &catalog.Step{RunID: s.run.ID, Key: key, CreatedAt: s.c.at}, isNew: true})
}

// waiting marks a step of this transaction that waits for something else.
func (s *steps) waiting(key string) {
	if n, ok := s.by[key]; ok {
		n.Status = catalog.StepWaiting
	}
}

// report takes down what the core says of a task.
func (s *steps) report(ctx context.Context, m flow.Command) error {
	n := s.by[m.Key]
	if n == nil && m.Status == flow.TaskStarted {
		n = s.fresh(m.Key) // the first that is heard of it
	}
	if n == nil {
		var err error
		if n, err = s.get(ctx, m.Key); err != nil {
			return err
		}
	}
	n.Task, n.Name, n.detail = m.Task, m.Name, m.Detail
	n.Status = taskStatuses[m.Status]
	if n.StartedAt.IsZero() && m.Status != flow.TaskSkipped {
		n.StartedAt = m.At
	}
	if !n.Open() {
		n.EndedAt = m.At
	}
	if m.Error == nil {
		return nil
	}
	var err error
	n.Error, err = json.Marshal(m.Error)
	return err
}

var taskStatuses = map[flow.TaskStatus]string{
	flow.TaskStarted:   catalog.StepRunning,
	flow.TaskCompleted: catalog.StepCompleted,
	flow.TaskFaulted:   catalog.StepFailed,
	flow.TaskSkipped:   catalog.StepSkipped,
	flow.TaskRetrying:  catalog.StepRetrying,
	flow.TaskCancelled: catalog.StepCancelled,
}

// save writes all steps and adds to the timeline what changed.
func (s *steps) save(ctx context.Context, at time.Time) error {
	for _, n := range s.order {
		if n.Status == catalog.StepScheduled {
			n.StartedAt = time.Time{}
		}
		if !n.Open() && n.EndedAt.IsZero() {
			n.EndedAt = at
		}
		added := false
		var err error
		if n.isNew {
			added, err = s.c.tx.AddStep(ctx, *n.Step)
		}
		if err == nil && !added {
			err = s.c.tx.SaveStep(ctx, *n.Step)
		}
		if err != nil {
			return err
		}
		if n.Status != n.before {
			s.c.reportStep(s.run.AssetID, *n.Step, n.detail, at)
		}
	}
	return nil
}
