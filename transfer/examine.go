package transfer

import (
	"cmp"
	"context"
	"fmt"
	"io"

	"gantry/connectors"
)

// prove is for a file that is visible. One that is wrong is removed.
func (d *delivery) prove(ctx context.Context, entry connectors.Entry, e evidence) error {
	equal := entry.Size == d.r.plan().Size
	if equal && e.proof == "" {
		var err error
		if e, equal, err = d.examine(ctx, entry, true); err != nil {
			return err
		}
	}
	if equal {
		late, err := d.landedLate(ctx)
		if err != nil {
			return err
		}
		equal = !late
	}
	if equal {
		return d.finish(entry, e)
	}
	d.note("the committed copy was wrong and was replaced")
	if err := d.removeWrong(ctx, entry); err != nil {
		return err
	}
	return errWrong
}

// removeWrong removes what was committed, unless somebody has replaced it.
func (d *delivery) removeWrong(ctx context.Context, entry connectors.Entry) error {
	d.r.e.log.WarnContext(ctx, "the committed copy is wrong and is replaced", "job", d.r.job.ID, "location", d.to.Location, "path", d.to.Path)
	_, err := d.r.e.removeVersion(ctx, d.to.Place, d.to.Path, entry, d.retrier("remove").note)
	if far, ok := d.to.Place.(*depot); ok && connectors.KindOf(err) == connectors.KindUnsupported {
		far.afresh = true // it is written over
		return nil
	}
	if connectors.KindOf(err) == connectors.KindChanged || untold(d.to, err) {
		return nil
	}
	return err
}

// examine proves a visible file: by the digests that came with its entry, by those
// that the place computes, by reading it, or by its size where the job allows it and
// there is no doubt that it is ours.
func (d *delivery) examine(ctx context.Context, entry connectors.Entry, ours bool) (e evidence, equal bool, err error) {
	if e, settled, equal := d.stated(entry); settled {
		return e, equal, nil
	}
	if d.way.Proof == ProofSize && ours && !d.blind() {
		return evidence{proof: ProofSize, reason: d.way.Reason}, true, nil
	}
	wrong := false
	if h, ok := connectors.As[connectors.Hasher](d.to.Place); ok && d.mayVouch() {
		theirs, err := d.ask(ctx, func(ctx context.Context, want ...connectors.Algorithm) (connectors.Digests, error) {
			return h.Hash(ctx, d.to.Path, want...)
		})
		if err != nil {
			return e, false, err
		}
		strong, equal := d.compare(theirs)
		if strong && equal {
			return d.natively(theirs, d.way.Reason), true, nil
		}
		wrong = strong
	}
	source, ok := d.to.Place.(connectors.Source)
	switch {
	case !ok && wrong:
		return e, false, nil
	case !ok:
		return e, false, errUnprovable(d.to.Path)
	}
	if err := d.bringBack(ctx); err != nil {
		return e, false, err
	}
	bad, err := d.readBack(ctx, func(ctx context.Context, offset, length int64) (io.ReadCloser, error) {
		return source.Open(ctx, d.to.Path, offset, length)
	})
	if err == nil && wrong && len(bad) == 0 {
		d.note("the place computed another digest than that of the bytes that it gives back: it was not believed")
	}
	return d.byReading(), err == nil && len(bad) == 0, err
}

// mayVouch tells whether the place's own digests are a proof: not where a probe has
// found them wrong, nor where the copy is to be read in any case.
func (d *delivery) mayVouch() bool {
	verify := cmp.Or(d.to.Verify, d.r.job.Verify)
	return verify != VerifyReadback && (d.to.Profile == nil || wrongDigests(*d.to.Profile) == "")
}

// stated settles what the digests that come with the entry can settle.
func (d *delivery) stated(entry connectors.Entry) (e evidence, settled, equal bool) {
	if _, equal := entry.Stated.Agree(d.r.pass.whole.Digests); !equal {
		return e, true, false // nobody vouches for it, but it shows that this is another file
	}
	if !d.mayVouch() {
		return e, false, false
	}
	strong, equal := d.compare(entry.Digests)
	switch {
	case !equal:
		return e, true, false
	case strong:
		reason := d.way.Reason
		if d.way.Proof != ProofNative {
			reason = "the place states it"
		}
		return d.natively(entry.Digests, reason), true, true
	case len(entry.Digests) > 0:
		d.note("the place states a digest that is too short for a proof")
	case d.way.Proof == ProofNative && !d.way.asked:
		d.note(fmt.Sprintf("the place was expected to state a %s and did not", d.way.Digest))
	}
	return e, false, true
}
