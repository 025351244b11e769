package transfer

import (
	"context"
	"slices"

	"gantry/connectors"
)

// catchUp sends what is missing after the pass: parts that were found wrong, those
// of a destination that had fallen behind or lost its upload, and those that were let
// go while the job was held. It reads them from the source again, and takes nothing
// but what the pass has seen.
func (d *delivery) catchUp(ctx context.Context) error {
	for {
		lacking := d.lacking(d.r.pass.whole.Parts)
		if len(lacking) == 0 {
			return nil
		}
		if err := ready(ctx, d.writes); err != nil {
			return err
		}
		d.gauge.phase.Store(PhaseSend)
		err := d.sendFrom(ctx, lacking, d.r.pass.whole.Parts)
		if wait, late := waitsLater(err); late {
			d.layDownAwhile()
			err = wait(ctx)
		}
		if err != nil {
			return err
		}
	}
}

// sendFrom reads parts from the source and sends them, as long as they are what was
// seen before.
func (d *delivery) sendFrom(ctx context.Context, lacking, seen []connectors.Part) error {
	s := d.r.sourceScan()
	s.parts = slices.Values(lacking)
	s.note = d.retrier("read").note
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	queue := make(chan *piece)
	s.each = func(ctx context.Context, p *piece) error {
		if _, equal := p.part.Digests.Agree(seen[p.part.Number-1].Digests); !equal {
			p.drop()
			if d.r.plan().Open() {
				return nil // it is mended already: the end of the recording tells
			}
			return connectors.Errorf(connectors.KindChanged, "read", d.r.job.Source.Path, "part %d is not what it was before", p.part.Number)
		}
		d.inHand.Add(1)
		select {
		case queue <- p:
			return nil
		case <-ctx.Done():
			d.drop(p)
			return context.Cause(ctx)
		}
	}
	sent := make(chan error, 1)
	go func() {
		err := d.work(ctx, queue, nil)
		if err != nil {
			cancel(err)
		}
		sent <- err
	}()
	err := s.run(ctx, d.r.e, d.ownShare())
	close(queue)
	if failed := <-sent; failed != nil && err == nil {
		err = failed
	}
	return err
}

// lacking takes over what was accepted earlier, and returns the other parts.
func (d *delivery) lacking(seen []connectors.Part) (parts []connectors.Part) {
	for _, p := range seen {
		if !d.confirm(p) {
			parts = append(parts, connectors.Part{Number: p.Number, Offset: p.Offset, Size: p.Size})
		}
	}
	return parts
}

// reject forgets parts that turned out wrong. It says how to go on: by repairing
// them, or by another upload where a part cannot be sent twice.
func (d *delivery) reject(ctx context.Context, bad []int) error {
	d.r.e.log.WarnContext(ctx, "parts arrived damaged and are sent again",
		"job", d.r.job.ID, "location", d.to.Location, "path", d.to.Path, "parts", bad)
	d.dropEcho()
	if len(bad) > 0 {
		d.note("parts arrived damaged and were sent again: " + numbers(bad))
	} else {
		d.note("it arrived damaged and was sent again")
	}
	if d.traits.Streamed || len(bad) == 0 {
		d.abort(ctx)
		return errGone
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, number := range bad {
		d.unaccept(number)
	}
	return errRepair
}
