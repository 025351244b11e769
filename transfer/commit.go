package transfer

import (
	"context"
	"io"
	"slices"

	"gantry/connectors"
)

// commit makes the copy visible and proves it, if it is not proved yet.
func (d *delivery) commit(ctx context.Context, proof Proof) error {
	d.gauge.enter(PhaseCommit, d.r.plan().Size)
	whole := d.whole()
	tries, limit := 0, 10*d.r.e.o.Stall
	if slow(d.to.Place) {
		limit = 0
	}
	upload := d.upload
	entry, err := retry(ctx, d.retrier("commit"), limit, func(ctx context.Context) (connectors.Entry, error) {
		tries++
		return upload.Commit(ctx, whole)
	})
	if err != nil {
		return d.refused(ctx, err, tries > 1)
	}
	return d.prove(ctx, entry, proof)
}

// refused decides what to do about an upload that was not committed.
func (d *delivery) refused(ctx context.Context, err error, repeated bool) error {
	repeated = d.again || repeated
	switch kind := connectors.KindOf(err); {
	case ctx.Err() != nil:
		return err
	case kind == connectors.KindIntegrity:
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
	w := connectors.Whole{Size: d.r.plan().Size, Digests: d.r.pass.whole.Digests}
	d.mu.Lock()
	defer d.mu.Unlock()
	for n := 1; n <= d.r.plan().Count(); n++ {
		w.Parts = append(w.Parts, d.accepted[n])
	}
	return w
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
	proof, equal, err := d.examine(ctx, entry)
	if d.strange && connectors.KindOf(err) == connectors.KindUnsupported {
		return false, nil // it may be anybody's
	}
	if err != nil || !equal {
		return false, err
	}
	d.abort(ctx)
	return true, d.finish(entry, proof)
}

// prove is for a file that is visible. One that is wrong is removed.
func (d *delivery) prove(ctx context.Context, entry connectors.Entry, proof Proof) error {
	equal := entry.Size == d.r.plan().Size
	if equal && proof == "" {
		var err error
		if proof, equal, err = d.examine(ctx, entry); err != nil {
			return err
		}
	}
	if equal {
		return d.finish(entry, proof)
	}
	if err := d.removeWrong(ctx, entry); err != nil {
		return err
	}
	return errGone
}

// removeWrong removes what was committed, unless somebody has replaced it.
func (d *delivery) removeWrong(ctx context.Context, entry connectors.Entry) error {
	d.r.e.log.WarnContext(ctx, "the committed copy is wrong and is replaced", "job", d.r.job.ID, "location", d.to.Location, "path", d.to.Path)
	now, err := d.stat(ctx)
	if err == nil && now.SameVersion(entry) {
		err = d.remove(ctx)
	}
	if far, ok := d.to.Place.(*depot); ok && connectors.KindOf(err) == connectors.KindUnsupported {
		far.afresh = true // it is written over
		return nil
	}
	if connectors.KindOf(err) == connectors.KindNotFound {
		return nil
	}
	return err
}

// examine proves a visible file: by the digests that came with its entry, by those
// that the place computes, by reading it, or by its size where the job allows it.
func (d *delivery) examine(ctx context.Context, entry connectors.Entry) (proof Proof, equal bool, err error) {
	sums := d.r.pass.whole.Digests
	if common, equal := entry.Digests.Agree(sums); common > 0 {
		return ProofNative, equal, nil
	}
	if d.bySize() && !d.strange && !d.blind() {
		return ProofSize, true, nil
	}
	if h, ok := connectors.As[connectors.Hasher](d.to.Place); ok {
		var want []connectors.Algorithm
		for a := range sums {
			want = append(want, a)
		}
		theirs, err := retry(ctx, d.retrier("hash"), 0, func(ctx context.Context) (connectors.Digests, error) {
			return h.Hash(ctx, d.to.Path, want...)
		})
		if common, equal := theirs.Agree(sums); err == nil && common > 0 {
			return ProofNative, equal, nil
		}
	}
	source, ok := d.to.Place.(connectors.Source)
	if !ok {
		return "", false, errUnprovable(d.to.Path)
	}
	if err := d.bringBack(ctx); err != nil {
		return "", false, err
	}
	bad, err := d.readBack(ctx, func(ctx context.Context, offset, length int64) (io.ReadCloser, error) {
		return source.Open(ctx, d.to.Path, offset, length)
	})
	return ProofReadback, len(bad) == 0, err
}
