package transfer

import (
	"context"
	"errors"
	"maps"
	"slices"
	"sync"
	"time"

	"gantry/connectors"
)

// controls are those of all jobs that run. While there are any, they are looked at.
type controls struct {
	mu      sync.Mutex
	by      map[string]*control
	looking bool
	totals  totals
}

// paceEvery is how often the pace is taken.
const paceEvery = 200 * time.Millisecond

func (s *controls) get(jobID string) *control {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.by[jobID]
}

func (s *controls) all() []*control {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := make([]*control, 0, len(s.by))
	for _, id := range slices.Sorted(maps.Keys(s.by)) {
		list = append(list, s.by[id])
	}
	return list
}

// enter puts a job under control until leave.
func (e *Engine) enter(j Job) (*control, error) {
	change, err := e.changes.of(e.journal, j.ID)
	if err != nil {
		return nil, err
	}
	c := newControl(e, j, change)
	e.controls.mu.Lock()
	if e.controls.by == nil {
		e.controls.by = map[string]*control{}
	}
	e.controls.by[j.ID] = c
	if !e.controls.looking {
		e.controls.looking = true
		go e.takePaces()
	}
	e.controls.mu.Unlock()
	// A change may have come just before the job could be found.
	if change, err = e.changes.of(e.journal, j.ID); err != nil {
		e.leave(c, err)
		return nil, err
	}
	c.change(change)
	return c, nil
}

func (e *Engine) leave(c *control, err error) {
	c.ticket.Leave()
	e.controls.mu.Lock()
	defer e.controls.mu.Unlock()
	delete(e.controls.by, c.job.ID)
	e.controls.totals.ended(c.job.Kind, err)
}

// takePaces takes the pace of all jobs, until there is none.
func (e *Engine) takePaces() {
	tick := time.NewTicker(paceEvery)
	defer tick.Stop()
	for range tick.C {
		all := e.controls.all()
		now := e.o.Now()
		for _, c := range all {
			c.takePace(now)
			c.park(now)
		}
		if len(all) > 0 {
			continue
		}
		e.controls.mu.Lock()
		done := len(e.controls.by) == 0
		e.controls.looking = !done
		e.controls.mu.Unlock()
		if done {
			return
		}
	}
}

func isGivenUp(err error) bool { return errors.Is(err, ErrGivenUp) }

// giveUp aborts what a job has under way and forgets it. It is called with the job's
// turn held, and after its context has ended.
func (e *Engine) giveUp(ctx context.Context, j Job) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), abortTime)
	defer cancel()
	if err := e.abandon(ctx, j.ID, j.Destinations); err != nil {
		return err
	}
	return connectors.Errorf(connectors.KindCanceled, "run job", j.ID, "%w", ErrGivenUp)
}
