package transfer

import (
	"context"
	"errors"
	"time"

	"gantry/connectors"
	"gantry/transfer/schedule"
)

// errBehind says that the delivery lets the pass go on without it and catches up
// afterwards, with a reading of its own.
var errBehind = errors.New("the destination has fallen behind")

// tolerance is the pause up to which others are made to wait: for a destination, or for
// memory.
const tolerance = time.Second

// send sends a part until it is accepted, another one has failed, or it has to wait for
// longer than memory should be kept.
func (d *delivery) send(ctx context.Context, p *piece, failed <-chan struct{}) (connectors.Part, error) {
	r := d.tally.take(p.part.Number, d.retrier("write part").moving())
	for {
		part, err := d.sendOnce(ctx, p)
		switch {
		case err == nil:
			d.tally.moved(p.part.Number)
			return part, nil
		case errors.Is(err, connectors.ErrNoRoot):
			return part, err
		case connectors.KindOf(err) == connectors.KindNotFound:
			return part, errGone
		case p.spoiled.Load() && (connectors.Retryable(err) || taken(err)):
			// Somebody still reads it, so it is not lent again but read anew.
			d.leave()
			return part, d.postponed()
		case connectors.KindOf(err) == connectors.KindIntegrity && !p.intact():
			d.r.doubted.Store(true)
			d.note("a part changed in memory and was read again")
			d.leave()
			return part, d.postponed()
		case errors.Is(err, schedule.ErrHeld) && !d.traits.Sequential:
			return part, schedule.ErrHeld
		case errors.Is(err, schedule.ErrHeld):
			return part, whenReady(d.writes)
		case isClosed(failed):
			return part, ended(ctx, err)
		case !taken(err):
			if err := d.tally.fail(ctx, p.part.Number, r, err); err != nil {
				return part, err
			}
		}
		if !d.alone() && isClosed(d.left) {
			return part, errBehind
		}
	}
}

func (d *delivery) postponed() error {
	if d.alone() {
		return errRepair
	}
	return errBehind
}

// alone tells whether the reading has ended, so that nobody waits for us.
func (d *delivery) alone() bool { return d.apart.Load() || isClosed(d.r.pass.done) }

// sendOnce lends the part to the connector for one attempt, in a slot.
func (d *delivery) sendOnce(ctx context.Context, p *piece) (part connectors.Part, err error) {
	ctx, free, err := d.r.control.attemptHolding(ctx)
	if err != nil {
		return p.part, err
	}
	defer free()
	err = inSlot(ctx, d.writes, p.part.Size, func(ctx context.Context, slot *schedule.Slot) (err error) {
		part, err = d.lend(ctx, slot, p)
		return err
	})
	return part, err
}

func (d *delivery) lend(ctx context.Context, slot *schedule.Slot, p *piece) (connectors.Part, error) {
	repeated := d.touch(p.part)

	ctx, w := d.r.e.watched(ctx, slot, "write part", d.to.Path)
	defer w.close()
	flying := d.gauge.takeOff()
	defer flying.land()
	b := &body{data: p.data, moved: func(n int, reached int64) {
		w.moved(int64(n))
		flying.reached(reached)
		d.took()
	}, watch: w}
	upload, wanted := d.upload, p.part
	p.hold()
	part, abandoned, err := made(ctx, d.prompt, func() (connectors.Part, error) {
		defer p.drop() // not before: a call that hangs still reads
		return upload.WritePart(ctx, wanted, b)
	})
	d.landed(p.part, err)
	reached, clean := b.revoke()
	if abandoned || !clean {
		p.spoil()
	}
	if !clean {
		p.hold()
		go func() { b.end(); p.drop() }()
	}
	d.gauge.sent.Add(reached)
	if repeated {
		d.gauge.resent.Add(reached)
	}
	if err != nil {
		return part, ended(ctx, err)
	}
	if _, equal := part.Digests.Agree(p.part.Digests); !equal {
		return part, connectors.Errorf(connectors.KindIntegrity, "write part", d.to.Path, "part %d arrived as %v", p.part.Number, part.Digests)
	}
	accepted := p.part
	accepted.ETag = part.ETag
	return accepted, nil
}

// yield is for a delivery that has to wait: others do not wait with it, neither for the
// reading nor for memory.
func (d *delivery) yield() {
	if p := d.lent.Swap(nil); p != nil {
		p.drop()
	}
	switch {
	case d.alone():
	case len(d.r.deliveries) > 1:
		d.leave()
	case d.beginning.Load():
		d.rest()
	}
}

func (d *delivery) retrier(what string) *retrier {
	r := d.r.e.retrier(func(err error, pause time.Duration) { d.noteRetry(what, err, pause) })
	r.prompt = d.prompt
	return r
}

// noteRetry also lets the other destinations go on when this one is in trouble.
func (d *delivery) noteRetry(what string, err error, pause time.Duration) {
	d.gauge.retries.Add(1)
	d.gauge.trouble.note(d.r.e.o.Now(), what, err, pause)
	if pause > tolerance {
		d.letGo()
		d.yield()
	}
	d.r.e.log.Warn(what+" is retried", "job", d.r.job.ID, "location", d.to.Location, "path", d.to.Path, "pause", pause, "error", err)
}
