package transfer

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"maps"
	"slices"

	"gantry/connectors"
)

// What was read back as it arrived was right then. Bits can turn round on the disk
// afterwards, and what was sent before can land late: so at the end, before the copy
// becomes visible, it is read again. Where that would cost more than may be spent, some
// of it is, and the receipt says so.

// spotted tells whether only some of what was proved as it arrived is read again at the
// end: of a recording of which no more than the edges are compared, and where the way
// is long, unless a reading was asked for.
func (d *delivery) spotted() bool {
	if d.asksReading() {
		return false
	}
	edges := d.r.growth != nil && d.r.job.GrowthVerify == GrowthEdges
	return edges || d.to.traits().Far
}

// asksReading tells whether it was asked for that all is read back.
func (d *delivery) asksReading() bool { return cmp.Or(d.to.Verify, d.r.job.Verify) == VerifyReadback }

// doubtProofs is for a recording that was found to be finished: nothing of what was
// proved before counts, nor what is being read now. It may come again, where the file
// was written to nevertheless.
func (d *delivery) doubtProofs() {
	if d.spotted() {
		return
	}
	d.mu.Lock()
	clear(d.proved)
	d.ends++
	d.mu.Unlock()
	select {
	case d.ended <- struct{}{}:
	default:
	}
}

// proveAtEnd reads all of a recording again that was proved as it arrived, each time
// when it has ended, while the source is read again, too. A place that takes parts in
// their order may not show them while it takes others: there it is read when all of it
// was sent, as is everything that this leaves.
func (d *delivery) proveAtEnd(ctx context.Context) {
	if !d.provesEarly() || d.spotted() || d.traits.Sequential {
		return
	}
	staged, _ := connectors.As[connectors.Staged](d.upload)
	d.proving.Go(func() {
		for {
			select {
			case <-d.ended:
			case <-d.r.pass.done:
				return
			case <-ctx.Done():
				return
			}
			if !d.proveEnded(ctx, staged) {
				return // the last reading shows what is wrong
			}
		}
	})
}

// proveEnded reads what was accepted and is not proved, until the recording turns out
// to have another end.
func (d *delivery) proveEnded(ctx context.Context, staged connectors.Staged) bool {
	d.mu.Lock()
	end := d.ends
	parts := slices.SortedFunc(maps.Values(d.accepted), func(a, b connectors.Part) int { return a.Number - b.Number })
	d.mu.Unlock()
	for _, p := range parts {
		d.mu.Lock()
		_, proved := d.proved[p.Number]
		again := d.ends != end
		d.mu.Unlock()
		if again {
			return true
		}
		if proved {
			continue
		}
		if _, err := d.readBackPart(ctx, staged, p); err != nil {
			return false
		}
	}
	return true
}

// verifyGrown proves the upload of a file that has grown: what was not proved since it
// ended is read, or, where only some is to be, what was never proved and some more.
func (d *delivery) verifyGrown(ctx context.Context, staged connectors.Staged) (evidence, error) {
	d.gauge.enter(PhaseVerify, 0)
	rest, proved := d.unproved()
	spots := 0
	some := d.spotted() || d.r.growth == nil
	if some {
		more := d.spots(proved)
		rest, spots = append(rest, more...), len(more)
	}
	bad, err := d.readBackSome(ctx, staged.OpenStaged, rest)
	if err == nil && len(bad) > 0 && spots > 0 { // what else is wrong
		more, failed := d.readBackSome(ctx, staged.OpenStaged, without(proved, rest))
		bad, err = append(bad, more...), failed
	}
	switch {
	case connectors.KindOf(err) == connectors.KindNotFound:
		return evidence{}, errGone
	case err != nil:
		return evidence{}, err
	case len(bad) > 0:
		slices.Sort(bad)
		return evidence{}, d.reject(ctx, slices.Compact(bad))
	}
	if d.r.growth == nil {
		return evidence{ProofReadback, connectors.CRC64NVME, fmt.Sprintf("%s; %d parts were found in an upload that was left, and read back then, and %d of them once more at the end", d.because(), len(proved), spots)}, nil
	}
	reason := "each part was read back as it arrived, and all of them when the recording had ended"
	if spots < len(proved) && some {
		reason = fmt.Sprintf("each part was read back as it arrived; at the end those that were mended, and %d of the other %d once more", spots, len(proved))
	}
	return evidence{ProofReadback, connectors.CRC64NVME, reason}, nil
}

// unproved sorts the parts of the whole by whether they have been proved.
func (d *delivery) unproved() (rest, proved []connectors.Part) {
	doubtful := d.doubtful()
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, p := range d.r.pass.whole.Parts {
		was, ok := d.proved[p.Number]
		doubted := slices.ContainsFunc(doubtful, func(o connectors.Part) bool { return o.Number == p.Number })
		if common, equal := was.Digests.Agree(p.Digests); !ok || doubted || common == 0 || !equal || was.Size != p.Size {
			rest = append(rest, p)
			continue
		}
		proved = append(proved, p)
		d.gauge.done.Add(p.Size)
	}
	return rest, proved
}

// mostSpots is how much is read once more, at most, beside the edges. The parts at both
// ends are read in any case: what is mended is mended there.
const mostSpots = 32 << 20

// spots chooses from parts that were proved before: both ends, and a tenth of what lies
// between them.
func (d *delivery) spots(proved []connectors.Part) (list []connectors.Part) {
	if len(proved) <= 2*edge {
		return proved
	}
	list = append(list, proved[:edge]...)
	list = append(list, proved[len(proved)-edge:]...)
	between := slices.Clone(proved[edge : len(proved)-edge])
	size := int64(0)
	for n := range max(1, len(between)/10) {
		d.r.e.draw(between, n)
		if size += between[n].Size; size > mostSpots && n > 0 {
			break
		}
		list = append(list, between[n])
	}
	return list
}

// draw puts one of the parts from the index on at the index, by chance.
func (e *Engine) draw(parts []connectors.Part, at int) {
	i := at + int(e.o.Jitter()*float64(len(parts)-at))
	parts[at], parts[i] = parts[i], parts[at]
}

// without gives the parts that are not among others.
func without(parts, others []connectors.Part) (list []connectors.Part) {
	for _, p := range parts {
		if !slices.ContainsFunc(others, func(o connectors.Part) bool { return o.Number == p.Number }) {
			list = append(list, p)
		}
	}
	return list
}

// readBackSome is readBack for some parts.
func (d *delivery) readBackSome(ctx context.Context, open func(context.Context, int64, int64) (io.ReadCloser, error), parts []connectors.Part) (bad []int, err error) {
	if len(parts) == 0 {
		return nil, nil
	}
	slices.SortFunc(parts, func(a, b connectors.Part) int { return a.Number - b.Number })
	s := d.stagedScan(open)
	s.parts = func(yield func(connectors.Part) bool) {
		for _, p := range parts {
			if !yield(connectors.Part{Number: p.Number, Offset: p.Offset, Size: p.Size}) {
				return
			}
		}
	}
	s.each = func(_ context.Context, p *piece) error {
		defer p.drop()
		if common, equal := p.part.Digests.Agree(d.r.pass.whole.Parts[p.part.Number-1].Digests); p.short || common == 0 || !equal {
			bad = append(bad, p.part.Number)
		}
		d.gauge.done.Add(p.part.Size)
		return nil
	}
	return bad, s.run(ctx, d.r.e, d.ownShare())
}

// landedLate looks once more, at the file that is visible, at parts of which other
// bytes may have arrived since they were proved.
func (d *delivery) landedLate(ctx context.Context) (wrong bool, err error) {
	source, ok := d.to.Place.(connectors.Source)
	parts := d.doubtful()
	if _, staged := connectors.As[connectors.Staged](d.upload); !ok || !staged || len(parts) == 0 || d.traits.WriteOnly {
		return false, nil
	}
	bad, err := d.readBackSome(ctx, func(ctx context.Context, offset, length int64) (io.ReadCloser, error) {
		return source.Open(ctx, d.to.Path, offset, length)
	}, parts)
	return len(bad) > 0, err
}
