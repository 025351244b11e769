package transfer

import (
	"context"
	"errors"
	"io"
	"sync"

	"gantry/connectors"
	"gantry/transfer/digest"
	"gantry/transfer/schedule"
)

// provesEarly tells whether parts are read back as they are accepted, so that at the
// end of a long recording only those are left that have changed.
func (d *delivery) provesEarly() bool {
	if d.r.growth == nil || d.way.Proof == ProofSize || d.way.Proof == ProofNative && !d.way.asked {
		return false
	}
	_, moves := d.upload.(*consignment)
	_, staged := connectors.As[connectors.Staged](d.upload)
	return staged && !moves
}

// sendProved is send, and proves the part where that is not done at the end.
func (d *delivery) sendProved(ctx context.Context, p *piece, failed <-chan struct{}) (connectors.Part, error) {
	for range rounds {
		part, err := d.send(ctx, p, failed)
		if err != nil || !d.provesEarly() {
			return part, err
		}
		staged, _ := connectors.As[connectors.Staged](d.upload)
		equal, err := d.readBackPart(ctx, staged, part)
		if _, late := waitsLater(err); late {
			return part, nil // the end proves it
		}
		if err != nil || equal {
			return part, err
		}
		d.r.e.log.WarnContext(ctx, "a part arrived damaged and is sent again",
			"job", d.r.job.ID, "location", d.to.Location, "path", d.to.Path, "part", part.Number)
	}
	return connectors.Part{}, connectors.Errorf(connectors.KindIntegrity, "write part", d.to.Path, "part %d was damaged %d times in a row", p.part.Number, rounds)
}

// proveClaimed reads back what earlier runs have sent, beside what is sent now.
func (d *delivery) proveClaimed(ctx context.Context) {
	if !d.provesEarly() {
		return
	}
	d.mu.Lock()
	var claimed []connectors.Part
	for _, p := range d.claimed {
		claimed = append(claimed, p)
	}
	d.mu.Unlock()
	staged, _ := connectors.As[connectors.Staged](d.upload)
	d.proving.Go(func() {
		for _, p := range claimed {
			equal, err := d.readBackPart(ctx, staged, p)
			if err != nil {
				return // the end shows what is wrong
			}
			if !equal {
				d.unclaim(p)
			}
		}
	})
}

// unclaim gives up a part that is not what an earlier run has sent.
func (d *delivery) unclaim(p connectors.Part) {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.claimed, p.Number)
	if _, ok := d.accepted[p.Number]; ok && !d.tried[p.Number] {
		d.unaccept(p.Number)
	}
}

// readBackPart compares a part that was accepted with what is stored of it.
func (d *delivery) readBackPart(ctx context.Context, staged connectors.Staged, p connectors.Part) (equal bool, err error) {
	seal := d.seal(p.Number)
	if equal, err = d.sameBack(ctx, staged, p); equal {
		seal(p)
	}
	return equal, err
}

// sameBack tells whether what is stored of a part has its digests.
func (d *delivery) sameBack(ctx context.Context, staged connectors.Staged, p connectors.Part) (equal bool, err error) {
	r, flow := d.retrier("read back").moving(), d.r.flow(d.to.Place, d.to.Location, schedule.Read)
	for {
		var sums connectors.Digests
		err := inSlot(ctx, flow, p.Size, func(ctx context.Context, slot *schedule.Slot) (err error) {
			sums, err = d.hashBack(ctx, slot, staged, p)
			return err
		})
		switch {
		case err == nil:
			common, equal := sums.Agree(p.Digests)
			return equal && common > 0, nil
		case connectors.KindOf(err) == connectors.KindNotFound:
			return false, errGone
		case connectors.KindOf(err) == connectors.KindIncomplete:
			return false, nil
		case errors.Is(err, schedule.ErrHeld):
			return false, whenReady(flow)
		case taken(err):
		default:
			if err := d.tally.fail(ctx, p.Number, r, err); err != nil {
				return false, err
			}
		}
	}
}

func (d *delivery) hashBack(ctx context.Context, slot *schedule.Slot, staged connectors.Staged, p connectors.Part) (connectors.Digests, error) {
	ctx, free, err := d.r.control.attempt(ctx)
	if err != nil {
		return nil, err
	}
	defer free()
	ctx, w := d.r.e.watched(ctx, slot, "read back", d.to.Path)
	defer w.close()
	stream, _, err := within(ctx, func() (io.ReadCloser, error) { return staged.OpenStaged(ctx, p.Offset, p.Size) })
	if err != nil {
		return nil, ended(ctx, err)
	}
	closing := sync.OnceFunc(func() { stream.Close() })
	defer closing()
	defer context.AfterFunc(ctx, closing)()
	sums, n, err := digest.Read(followed{stream, w}, connectors.CRC64NVME)
	if err == nil && n != p.Size {
		err = connectors.Errorf(connectors.KindIncomplete, "read back", d.to.Path, "%d of %d bytes are there", n, p.Size)
	}
	return sums, ended(ctx, err)
}
