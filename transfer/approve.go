package transfer

import (
	"context"
	"errors"

	"gantry/connectors"
)

var (
	errChanged     = errors.New("the source was changed while it was read")
	errUnexpected  = errors.New("the source's digests are not the expected ones")
	errOtherCopies = errors.New("the source's digests are not those of the copies that were made of it before")
)

// changed tells whether the source is another version by now.
func (r *run) changed(ctx context.Context) error {
	now, err := r.e.stat(ctx, r.job.Source.Place, r.path(), r.noteRetry)
	if err != nil {
		return err
	}
	if !now.SameVersion(r.source) {
		return &connectors.Error{
			Kind: connectors.KindChanged, Op: "read", Path: r.job.Source.Path, Err: otherThan(r.source, now),
			Remedy: "run the job again once the source has settled",
		}
	}
	return nil
}

// approve checks the source after it was read.
func (r *run) approve(ctx context.Context, sums connectors.Digests) error {
	if r.pinned == nil || r.loose.Load() { // else every byte came from the version that was seen
		if err := r.changed(ctx); err != nil {
			return err
		}
	}
	return r.expected(sums)
}

// expected checks what the source has turned out to be.
func (r *run) expected(sums connectors.Digests) error {
	if common, equal := sums.Agree(r.job.Expect); !equal || common < len(r.job.Expect) {
		return &connectors.Error{
			Kind: connectors.KindIntegrity, Op: "read", Path: r.job.Source.Path, Err: errUnexpected,
			Remedy: "fetch the original again, or correct what was expected",
		}
	}
	if _, equal := sums.Agree(r.digests); !equal {
		return &connectors.Error{
			Kind: connectors.KindChanged, Op: "read", Path: r.job.Source.Path, Err: errOtherCopies,
			Remedy: "run the job again: it starts over",
		}
	}
	return nil
}
