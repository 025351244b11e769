package transfer

import (
	"context"
	"errors"
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
	d.docket.Remove()
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
	case errors.Is(err, connectors.ErrNoRoot):
		return err
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
