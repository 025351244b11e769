package transfer

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"gantry/connectors"
	"gantry/transfer/journal"
)

// errNobodyLeft ends the reading when no destination wants to go on.
var errNobodyLeft = errors.New("no destination is left")

func (r *run) failures(ctx context.Context, results []error) (failures []error) {
	for i, err := range results {
		if err != nil && !errors.Is(err, errPass) {
			to := r.deliveries[i].to
			failures = append(failures, &DestinationError{Location: to.Location, Path: to.Path, Err: renewed(err)})
		}
	}
	undone := len(failures)
	for _, d := range r.deliveries {
		if d.copy == nil {
			undone++
		}
	}
	if ctx.Err() != nil && undone > 0 {
		return []error{connectors.Errorf(connectors.KindCanceled, "run job", r.job.ID, "%w; run it again to go on", context.Cause(ctx))}
	}
	if r.pass.err != nil && !errors.Is(r.pass.err, errNobodyLeft) {
		failures = append(failures, r.reading(ctx, r.pass.err))
	}
	return failures
}

// reading names the source in an error of reading it.
func (r *run) reading(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return connectors.Errorf(connectors.KindCanceled, "run job", r.job.ID, "%w; run it again to go on", context.Cause(ctx))
	}
	return fmt.Errorf("read %s %s: %w", r.job.Source.Location, r.job.Source.Path, renewed(err))
}

// renewed says of credentials that are not accepted any more what becomes of the job.
func renewed(err error) error {
	if connectors.KindOf(err) != connectors.KindAuth {
		return err
	}
	return fmt.Errorf("%w; run it again with credentials that are valid: it goes on where it stopped", err)
}

// conclude writes the receipt, or leaves the job as the next run has to find it.
func (r *run) conclude(failures []error) (Receipt, error) {
	receipt := r.makeReceipt()
	if len(failures) == 0 {
		restarts, err := r.e.restarts.of(r.e.journal, r.job.ID)
		if receipt.Restarts = restarts; err != nil {
			return receipt, err
		}
		if err := r.finish(receipt); err != nil {
			return receipt, fmt.Errorf("job %s is done, but has no receipt in the journal: %w", r.job.ID, err)
		}
		return receipt, r.e.restarts.forget(r.e.journal, r.job.ID)
	}
	switch {
	case hopeless(r.pass.err):
		failures = append(failures, r.inVain(r.pass.err), r.e.journal.Forget(r.job.ID))
		receipt.Copies = nil
	case errors.Is(r.pass.err, errDeleted):
		failures = append(failures, r.keepForADay())
	}
	return receipt, errors.Join(failures...)
}

// finish writes the receipt in place of what is recorded.
func (r *run) finish(receipt Receipt) error {
	text, err := receipt.text()
	if err != nil {
		return err
	}
	if r.job.Recorded != nil {
		defer r.job.Recorded(text)
	}
	if r.record.Job != nil || r.remembered.Load() {
		return r.e.journal.Finish(r.job.ID, json.RawMessage(text))
	}
	var begun []journal.Target
	for _, d := range r.deliveries {
		if d.record.ID != "" {
			begun = append(begun, d.target)
		}
	}
	return r.e.journal.FinishAtOnce(r.job.ID, json.RawMessage(text), begun...)
}

// hopeless tells whether what is under way is of no use to a later run.
func hopeless(err error) bool {
	kind := connectors.KindOf(err)
	return kind == connectors.KindChanged || kind == connectors.KindIntegrity
}

func (r *run) makeReceipt() Receipt {
	c := Receipt{
		Job: r.job.ID, Source: ReceiptSource{Location: r.job.Source.Location, Path: r.path(), Entry: r.source},
		Engine: r.e.o.Version, Size: r.source.Size, Digests: r.digests, Started: r.started, Finished: r.e.o.Now().UTC(), Copies: r.kept, Packed: r.packer.packed(), Growth: r.growth.grown(),
	}
	c.Source.Vouched, c.Source.Notes = r.vouched, r.notes
	c.Source.Entry.Digests, c.Source.Entry.Stated = r.claimed()
	if p := r.job.Source.Profile; p != nil {
		c.Source.Software = p.Software
	}
	if r.pass.whole.Digests != nil {
		c.Digests = r.pass.whole.Digests
	}
	if r.record.Job != nil {
		c.Started = r.record.Job.Started
	}
	for _, d := range r.deliveries {
		if d.copy != nil {
			c.Copies = append(c.Copies, *d.copy)
		}
	}
	return c
}
