package transfer

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"slices"

	"gantry/connectors"
)

// commit makes the copy visible and proves it, if it is not proved yet.
func (d *delivery) commit(ctx context.Context, e evidence) error {
	if err := d.begun(ctx); err != nil {
		return err
	}
	d.gauge.enter(PhaseCommit, d.r.plan().Size)
	whole := d.whole()
	tries, limit := 0, 10*d.r.e.o.Stall
	if slow(d.to.Place) {
		limit = 0
	}
	upload := d.upload
	entry, err := retry(ctx, d.retrier("commit"), limit, func(ctx context.Context) (connectors.Entry, error) {
		tries++
		entry, err := upload.Commit(ctx, whole)
		if kind := connectors.KindOf(err); kind == connectors.KindUnavailable || kind == connectors.KindTimeout {
			d.unheard = true
		}
		return entry, err
	})
	d.letGo()
	if err != nil {
		return d.refused(ctx, err, tries > 1)
	}
	d.times.Committed = d.now()
	return d.prove(ctx, entry, e)
}

// refused decides what to do about an upload that was not committed.
func (d *delivery) refused(ctx context.Context, err error, repeated bool) error {
	repeated = d.again || repeated
	switch kind := connectors.KindOf(err); {
	case ctx.Err() != nil:
		return err
	case kind == connectors.KindIntegrity:
		if done, err := d.vouchedFor(ctx); done || err != nil {
			return err
		}
		return d.suspect(ctx)
	case kind == connectors.KindNotFound:
		return d.found(ctx, err)
	case kind == connectors.KindExists && (repeated || d.to.Exclusive):
		d.strange = !repeated
		return d.found(ctx, err)
	case d.resumed > 0 && !final(kind):
		// The place does not have what the journal says: all is sent again.
		d.abort(ctx)
		return errGone
	default:
		return err
	}
}

// final kinds say nothing against the parts that were taken over.
func final(kind connectors.Kind) bool {
	return slices.Contains([]connectors.Kind{
		connectors.KindExists, connectors.KindPermission, connectors.KindAuth, connectors.KindHostKey, connectors.KindNoSpace,
		connectors.KindBusy, connectors.KindUnavailable, connectors.KindTimeout, connectors.KindCanceled,
	}, kind)
}

func (d *delivery) whole() connectors.Whole {
	w := connectors.Whole{Size: d.r.plan().Size, Digests: d.r.pass.whole.Digests, ModTime: d.r.pass.whole.ModTime}
	d.mu.Lock()
	defer d.mu.Unlock()
	for n := 1; n <= d.r.plan().Count(); n++ {
		w.Parts = append(w.Parts, d.accepted[n])
	}
	return w
}

// vouchedFor looks once more at a file that was called wrong: if it was the answer
// that was damaged on its way, the place's own digest says so.
func (d *delivery) vouchedFor(ctx context.Context) (done bool, err error) {
	entry, err := d.stat(ctx)
	if err != nil || entry.Size != d.r.plan().Size {
		return false, nil // what is wrong shows when it is sent again
	}
	e, settled, equal := d.stated(entry)
	if !settled || !equal {
		return false, nil
	}
	d.note("an answer of the place was damaged on its way")
	return true, d.finish(entry, e)
}

// suspect finds out which parts are wrong when the place says that the whole is.
func (d *delivery) suspect(ctx context.Context) error {
	list, err := d.parts(ctx)
	if err != nil {
		list = nil
	}
	var bad []int
	for _, p := range list {
		if p.Number > len(d.r.pass.whole.Parts) {
			continue
		}
		if _, equal := p.Digests.Agree(d.r.pass.whole.Parts[p.Number-1].Digests); !equal {
			bad = append(bad, p.Number)
		}
	}
	return d.reject(ctx, bad)
}

// found decides what an upload has become that is gone, or that finds its path
// taken: a commit's answer may have been lost, or all that an earlier run knew. An
// upload that is refused for good is given up.
func (d *delivery) found(ctx context.Context, refusal error) error {
	done, err := d.adopt(ctx)
	switch {
	case done || err != nil:
		return err
	case connectors.KindOf(refusal) == connectors.KindExists:
		d.abort(ctx)
		return refusal
	default:
		return errGone
	}
}

// adopt takes the file at the path as our copy, if it is proved to be.
func (d *delivery) adopt(ctx context.Context) (done bool, err error) {
	entry, err := d.stat(ctx)
	if connectors.KindOf(err) == connectors.KindNotFound {
		return false, nil
	}
	if err != nil || entry.Size != d.r.plan().Size {
		return false, err
	}
	ours := d.answers(entry)
	e, equal, err := d.examine(ctx, entry, ours)
	if kind := connectors.KindOf(err); !ours && (kind == connectors.KindUnsupported || kind == connectors.KindPermission) {
		return false, nil // it may be anybody's
	}
	if err != nil || !equal {
		return false, err
	}
	d.abort(ctx)
	return true, d.finish(entry, e)
}

// answers tells whether a file of the right size is there because of our own commit,
// whose answer was lost: it has the time that we gave it, where the place keeps one.
func (d *delivery) answers(entry connectors.Entry) bool {
	if d.strange || !d.unheard {
		return false
	}
	precision := d.traits.TimePrecision
	given := d.r.source.ModTime
	return precision == 0 || given.IsZero() || entry.ModTime.IsZero() || given.Sub(entry.ModTime).Abs() <= precision
}

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
	return errGone
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
