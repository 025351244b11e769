package transfer

import (
	"context"
	"errors"
	"fmt"
	"time"

	"gantry/connectors"
	"gantry/transfer/docket"
	"gantry/transfer/journal"
)

// Abandon gives up a job: it aborts the uploads of earlier runs and forgets all
// that is known of it, its receipt too. Finished copies stay where they are. It
// waits for a run of the job that is going on. An upload that cannot be aborted
// now, or whose destination is not given, is left to [Engine.Tidy]; a rename of which
// it is open whether it happened stays among [HalfRenamed].
func (e *Engine) Abandon(ctx context.Context, jobID string, destinations []Destination) error {
	if e.journal == nil {
		return connectors.Errorf(connectors.KindInvalid, "abandon job", jobID, "the engine has no journal")
	}
	done, err := e.turns.wait(ctx, jobID)
	if err != nil {
		return err
	}
	defer done()
	return e.abandon(ctx, jobID, destinations)
}

func (e *Engine) abandon(ctx context.Context, jobID string, destinations []Destination) error {
	record, err := e.journal.Record(jobID)
	if err != nil {
		return err
	}
	e.abortAll(ctx, record, destinations)
	e.tidy(jobID)
	return errors.Join(e.journal.Forget(jobID), e.changes.forget(e.journal, jobID), e.restarts.forget(e.journal, jobID))
}

// abortAll aborts the recorded uploads, or remembers them as orphans.
func (e *Engine) abortAll(ctx context.Context, record journal.Record, destinations []Destination) {
	for target, upload := range record.Uploads {
		err := errNoPlace
		for _, to := range destinations {
			if to.target() == target {
				err = e.abort(ctx, to.Place, upload)
				if err == nil && record.Job != nil {
					from := record.Job.Source
					e.dropDocket(docket.Way{From: from.Location, FromPath: from.Path, To: target.Location, ToPath: target.Path}, upload.ID)
				}
			}
		}
		if err != nil {
			e.orphan(ctx, upload, err)
		}
	}
}

var errNoPlace = errors.New("its destination is not among those of the job")

// orphan remembers an upload that is of no use any more and was not aborted.
func (e *Engine) orphan(ctx context.Context, u journal.Upload, why error) {
	e.log.WarnContext(ctx, "an upload that is no longer needed is left to be aborted later",
		"location", u.Target.Location, "path", u.Target.Path, "upload", u.ID, "error", why)
	if err := e.journal.Orphan(u); err != nil {
		e.log.ErrorContext(ctx, "an upload that is no longer needed is not in the journal: abort it by hand",
			"location", u.Target.Location, "path", u.Target.Path, "upload", u.ID, "error", err)
	}
}

// abortTime is how long an abort may take when our own context has ended.
const abortTime = 10 * time.Second

// abort gives up the upload, whether or not ctx has ended.
func (d *delivery) abort(ctx context.Context) {
	if d.upload == nil {
		return
	}
	d.conceal(ctx)
	short, cancel := context.WithTimeout(context.WithoutCancel(ctx), abortTime)
	defer cancel()
	upload := d.upload
	_, err := limited(short, abortTime, func(ctx context.Context) (struct{}, error) { return struct{}{}, upload.Abort(ctx) })
	if err != nil {
		d.r.e.orphan(ctx, d.record, err)
	}
	d.docket.Remove()
	d.upload = nil
}

// giveUp is abort for an upload that no later run is to look for: one that finds its traces
// would wait for a commit that might be under way.
func (d *delivery) giveUp(ctx context.Context) {
	if d.upload == nil {
		return
	}
	id := d.upload.ID()
	d.abort(ctx)
	d.r.e.dropDocket(d.r.way(d.target), id) // it may have been let go before
	if err := d.r.e.journal.Drop(d.r.job.ID, d.target); err != nil {
		d.r.e.log.WarnContext(ctx, "the journal keeps an upload that was given up: the next run looks for it in vain", "job", d.r.job.ID, "location", d.to.Location, "path", d.to.Path, "error", err)
	}
}

// Tidy aborts the uploads that could not be aborted when they were given up, and those
// of recordings that were deleted a day ago. place
// opens a location by its name; what it returns is not closed. Uploads that still
// cannot be aborted are errors, and kept for the next time.
func (e *Engine) Tidy(ctx context.Context, place func(location string) (connectors.Sink, error)) error {
	failures := []error{e.lapse(ctx, place)}
	for u, err := range e.journal.Orphans() {
		if err != nil {
			return errors.Join(append(failures, err)...)
		}
		to, err := place(u.Target.Location)
		if err == nil {
			err = e.abort(ctx, to, u)
		}
		if err == nil {
			err = e.journal.Aborted(u)
		}
		if err != nil {
			failures = append(failures, fmt.Errorf("abort upload %s: %w", u.ID, &DestinationError{Location: u.Target.Location, Path: u.Target.Path, Err: err}))
		}
	}
	return errors.Join(failures...)
}
