package transfer

import (
	"encoding/json"
	"fmt"
	"sync"
	"time"

	"gantry/connectors"
	"gantry/connectors/wrap/throttle"
	"gantry/transfer/journal"
	"gantry/transfer/schedule"
)

// A Change alters how a job runs, or will run. Fields that are nil stay as they are.
type Change struct {
	Paused   *bool               `json:"paused,omitempty"`
	Priority *schedule.Priority  `json:"priority,omitempty"`
	Deadline *time.Time          `json:"deadline,omitempty"` // the zero time takes a deadline away
	Limit    *throttle.Timetable `json:"limit,omitempty"`    // of bandwidth; the zero timetable lifts it
}

// and is the change with a later one on top.
func (c Change) and(later Change) Change {
	if later.Paused != nil {
		c.Paused = later.Paused
	}
	if later.Priority != nil {
		c.Priority = later.Priority
	}
	if later.Deadline != nil {
		c.Deadline = later.Deadline
	}
	if later.Limit != nil {
		c.Limit = later.Limit
	}
	return c
}

// apply gives the job as it is to run.
func (c Change) apply(j Job) Job {
	if c.Priority != nil {
		j.Priority = *c.Priority
	}
	if c.Deadline != nil {
		j.Deadline = *c.Deadline
	}
	if c.Limit != nil {
		j.Limit = *c.Limit
	}
	return j
}

func (c Change) paused() bool { return c.Paused != nil && *c.Paused }

// indexChanges holds the changes of jobs that are not finished.
const indexChanges = "changes"

// changes are those of all jobs. They are read from the journal once.
type changes struct {
	mu     sync.Mutex
	loaded bool
	by     map[string]Change
}

func (c *changes) load(j *journal.Journal) error {
	if c.loaded {
		return nil
	}
	by := map[string]Change{}
	for item, err := range j.Scan(indexChanges, "") {
		if err != nil {
			return err
		}
		var change Change
		if err := json.Unmarshal(item.Value, &change); err != nil {
			return fmt.Errorf("read what was changed of job %s: %w", item.Key, err)
		}
		by[item.Key] = change
	}
	c.by, c.loaded = by, true
	return nil
}

func (c *changes) of(j *journal.Journal, jobID string) (Change, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.load(j); err != nil {
		return Change{}, err
	}
	return c.by[jobID], nil
}

func (c *changes) add(j *journal.Journal, jobID string, change Change) (Change, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.load(j); err != nil {
		return Change{}, err
	}
	all := c.by[jobID].and(change)
	if err := j.Put(indexChanges, jobID, all); err != nil {
		return Change{}, err
	}
	c.by[jobID] = all
	return all, nil
}

func (c *changes) forget(j *journal.Journal, jobID string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.load(j); err != nil {
		return err
	}
	if _, known := c.by[jobID]; !known {
		return nil
	}
	delete(c.by, jobID)
	return j.Delete(indexChanges, jobID)
}

// Change alters a job that runs, at once, and goes before what the job says when it is
// run later: it is kept in the journal until the job has finished or is given up. A
// job that is paused sends and reads nothing; what it had under way is kept.
func (e *Engine) Change(jobID string, c Change) error {
	if e.journal == nil || jobID == "" {
		return connectors.Errorf(connectors.KindInvalid, "change job", jobID, "a job needs an ID, and the engine a journal")
	}
	all, err := e.changes.add(e.journal, jobID, c)
	if err != nil {
		return err
	}
	if running := e.controls.get(jobID); running != nil {
		running.change(all)
	}
	return nil
}

// Changed tells what was changed of a job that is not finished.
func (e *Engine) Changed(jobID string) (Change, error) { return e.changes.of(e.journal, jobID) }

// Unchange forgets what was changed of a job: its next run is as the job says.
func (e *Engine) Unchange(jobID string) error { return e.changes.forget(e.journal, jobID) }

// Cancel gives up a job that runs: its uploads are aborted and what is known of it is
// forgotten, and Run returns [ErrGivenUp]. It tells whether the job runs; one that does
// not is given up by [Engine.Abandon].
func (e *Engine) Cancel(jobID string) bool {
	c := e.controls.get(jobID)
	return c != nil && c.end(ErrGivenUp)
}

// Running tells how far the jobs are that run, by their IDs.
func (e *Engine) Running() []Progress {
	list := e.controls.all()
	running := make([]Progress, len(list))
	for i, c := range list {
		running[i] = c.progress(e.o.Now())
	}
	return running
}
