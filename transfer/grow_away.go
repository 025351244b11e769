package transfer

import (
	"context"
	"errors"
	"time"

	"gantry/connectors"
	"gantry/transfer/journal"
)

// What becomes of a recording that is not there for a while, or for good.

// stat looks at the file. One that is not there is waited for until it is known
// whether it is gone: its volume may be away for a moment.
func (g *growth) stat(ctx context.Context) (connectors.Entry, error) {
	r := g.run
	for tries := 1; ; tries++ {
		entry, err := r.e.stat(ctx, r.job.Source.Place, r.path(), r.noteRetry)
		if connectors.KindOf(err) != connectors.KindNotFound || tries > rounds {
			return entry, err
		}
		state, err := g.source.Wait(ctx, 0)
		if err != nil {
			return connectors.Entry{}, err
		}
		g.seen(state)
	}
}

// orphanTime is how long the upload of a recording waits that was deleted: whoever
// took it away may put it back, and it is of hours.
const orphanTime = 24 * time.Hour

// keepForADay leaves the job to be run again, and to [Engine.Tidy] after that.
func (r *run) keepForADay() error {
	record, err := r.e.journal.Record(r.job.ID)
	if err != nil || record.Job == nil {
		return err
	}
	record.Job.Until = r.e.o.Now().UTC().Add(orphanTime)
	return r.e.journal.Revise(*record.Job)
}

// keepOn takes a job up again that would be given up some day.
func (r *run) keepOn() error {
	if job := r.record.Job; job == nil || job.Until.IsZero() {
		return nil
	}
	r.record.Job.Until = time.Time{}
	return r.e.journal.Revise(*r.record.Job)
}

// lapse gives up the jobs whose time is over. place opens a location by its name.
func (e *Engine) lapse(ctx context.Context, place func(location string) (connectors.Sink, error)) error {
	var over []journal.Job
	for job, err := range e.journal.Jobs() {
		if err != nil {
			return err
		}
		if !job.Until.IsZero() && e.o.Now().After(job.Until) {
			over = append(over, job)
		}
	}
	var failures []error
	for _, job := range over {
		failures = append(failures, e.lapseOne(ctx, job.ID, place))
	}
	return errors.Join(failures...)
}

// lapseOne gives up a job whose time still is over, unless it runs: it was taken up again
// then.
func (e *Engine) lapseOne(ctx context.Context, id string, place func(location string) (connectors.Sink, error)) error {
	done, ok := e.turns.try(id)
	if !ok {
		return nil
	}
	defer done()
	record, err := e.journal.Record(id)
	if err != nil || record.Job == nil || record.Job.Until.IsZero() || !e.o.Now().After(record.Job.Until) {
		return err
	}
	var to []Destination
	for target := range record.Uploads {
		if sink, err := place(target.Location); err == nil {
			to = append(to, Destination{Place: sink, Location: target.Location, Path: target.Path})
		}
	}
	e.log.InfoContext(ctx, "what was sent of a recording that was deleted is removed", "job", id, "path", record.Job.Source.Path)
	return e.abandon(ctx, id, to)
}
