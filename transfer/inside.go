package transfer

import (
	"context"

	"gantry/connectors"
)

// A copy inside of one storage is made by the storage: the bytes do not come here to
// be sent back. The source is read for its digests all the same, and the copy is proved
// as any other. What the storage does not do, or does wrong, is sent.

// fill has the storage copy the file, and tells whether it has.
func (d *delivery) fill(ctx context.Context) bool {
	_, moved := d.r.job.Source.Place.(*depot)
	filler, ok := connectors.As[connectors.Filler](d.upload)
	if !ok || moved || d.lost || d.r.growth != nil || d.r.packer != nil || len(d.claimed) > 0 || d.r.plan().Count() == 0 {
		return false
	}
	d.gauge.enter(PhaseSend, 0)
	_, err := retry(ctx, d.retrier("copy inside the storage"), 0, func(ctx context.Context) (struct{}, error) {
		return struct{}{}, filler.Fill(ctx, d.r.job.Source.Place, d.r.source)
	})
	switch kind := connectors.KindOf(err); {
	case err == nil:
		d.filled = true
		d.leave()
	case kind != connectors.KindUnsupported && ctx.Err() == nil:
		d.r.e.log.WarnContext(ctx, "the storage does not copy the file itself, so that it is sent",
			"job", d.r.job.ID, "location", d.to.Location, "path", d.to.Path, "error", err)
	}
	return d.filled
}

// fillAtOnce is fill for a small file. A disk would have as much work with sharing its
// blocks as with writing them, and no other storage has what is on a disk of ours.
func (d *delivery) fillAtOnce(ctx context.Context) bool {
	_, from := connectors.As[connectors.OnDisk](d.r.job.Source.Place)
	_, to := connectors.As[connectors.OnDisk](d.to.Place)
	return !from && !to && d.fill(ctx)
}

// takeFilled counts all parts as accepted, once the reading has told what they are.
func (d *delivery) takeFilled() {
	if !d.filled {
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, p := range d.r.pass.whole.Parts {
		d.accepted[p.Number] = p
		d.gauge.parts.Add(1)
	}
	d.gauge.done.Store(d.r.plan().Size)
}
