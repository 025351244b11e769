package transfer

import (
	"context"
	"errors"

	"gantry/connectors"
)

// Most files are small: one that is read in one goes to its only destination in
// one goroutine, first read, then sent, then proved. What the many goroutines of
// copyTo cost would be more than all the rest, and many such files are under way
// at once anyway.

// atOnce tells whether a run is of that kind. What earlier runs have left, and
// what has to be fetched or packed before, is for copyTo.
func (r *run) atOnce(todo []Destination) bool {
	if len(todo) != 1 || !r.readInOne() || r.record.Job != nil || r.packer != nil || todo[0].Reveal != "" {
		return false
	}
	_, from := r.job.Source.Place.(*depot)
	_, to := todo[0].Place.(*depot)
	return !from && !to
}

// copyAtOnce is copyTo for such a run. Progress is told at the end only.
func (r *run) copyAtOnce(ctx context.Context, to Destination) []error {
	d := newDelivery(r, to)
	r.deliveries = append(r.deliveries, d)
	r.control.follow(r)
	if r.job.Progress != nil {
		defer r.tell()
	}
	r.once = true
	r.pass.done = make(chan struct{})
	p, err := r.readAtOnce(ctx)
	r.pass.err = err
	close(d.queue)
	close(r.pass.done)
	if err == nil {
		err = d.bring(ctx, p)
	} else {
		err = errPass
	}
	d.letGo()
	d.layDown()
	d.leave()
	d.idle.Wait()
	return r.failures(ctx, []error{err})
}

// readAtOnce gives the part that is all of the source; nil if that is empty.
func (r *run) readAtOnce(ctx context.Context) (p *piece, err error) {
	witness := r.askWitness(ctx)
	s := r.sourceScan()
	s.algorithms = append(s.algorithms, r.wanted()...)
	whole := connectors.Whole{Size: r.plan().Size, Digests: connectors.Digests{}}
	if r.plan().Count() > 0 {
		if p, err = s.one(ctx, r.e, r.share, r.plan().Part(1)); err != nil {
			return nil, err
		}
		if err := p.fullySummed(r.wanted()); err != nil {
			p.drop()
			return nil, err
		}
		whole.Parts = []connectors.Part{p.part}
	}
	if err = r.complete(&whole, s.algorithms); err == nil {
		r.pass.whole, err = r.believe(ctx, whole, witness)
	}
	if err == nil {
		err = r.approve(ctx, r.pass.whole.Digests)
	}
	if p != nil && err == nil && len(differing(whole, r.pass.whole)) > 0 {
		p.drop() // it was read wrong, and is left to be caught up with
		p = nil
	}
	if err != nil && p != nil {
		p.drop()
	}
	r.hashed.Add(whole.Size)
	return p, err
}

// bring delivers the part, which may be nil, and drops it.
func (d *delivery) bring(ctx context.Context, p *piece) error {
	d.lent.Store(p)
	err := d.begin(ctx)
	if p = d.lent.Swap(nil); err != nil {
		if p != nil {
			p.drop()
		}
		return err
	}
	d.gauge.enter(d.passes(), 0)
	if p != nil && d.fillAtOnce(ctx) {
		p.drop()
		d.takeFilled()
	} else if p != nil {
		err := d.place(ctx, p, nil)
		if wait, late := waitsLater(err); late {
			err = wait(ctx)
		}
		switch {
		case errors.Is(err, errGone):
			d.forsake()
		case err != nil && !errors.Is(err, errRepair):
			return err
		}
	}
	defer d.endShare()
	return d.settle(ctx)
}

// mostDated is the largest file that is read by its time: one request gives all of it.
const mostDated = 1 << 20

// pin takes the version that a listing has told of, or that the job asks for, as the
// source's, where the place can open it and no other.
func (r *run) pin() bool {
	seen := r.job.Source.Seen
	if seen == nil {
		seen = r.job.Source.Version
	}
	if seen == nil || seen.Size <= 0 || seen.Path != r.job.Source.Path || r.record.Job != nil || r.receipt != nil {
		return false
	}
	if v := r.job.Source.Version; v != nil && !v.SameVersion(*seen) {
		return false
	}
	pinner, ok := connectors.As[connectors.Pinner](r.job.Source.Place)
	if ok && seen.Version == "" {
		pinner, ok = connectors.As[connectors.DatedPinner](r.job.Source.Place)
		ok = ok && seen.Size <= mostDated && !r.racy(*seen, r.started)
	}
	if ok {
		r.source, r.pinned = *seen, pinner
	}
	return ok
}
