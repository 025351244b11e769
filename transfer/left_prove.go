package transfer

import (
	"context"
	"slices"

	"gantry/connectors"
	"gantry/transfer/journal"
)

// largest chooses among the uploads at rest.
func (d *delivery) largest(list []connectors.Left, busy []string) (best connectors.Left) {
	for _, l := range list {
		fits := d.r.plan().Open() || l.Size <= d.r.plan().Size
		if !l.Written.IsZero() && d.now().Sub(l.Written) >= rest && fits && l.Size > best.Size && !slices.Contains(busy, l.ID) {
			best = l
		}
	}
	return best
}

// takenUp records an upload that was left as one of this job, and finds out what it says
// that it holds. One that tells nothing, and shows nothing, is given up.
func (d *delivery) takenUp(ctx context.Context) error {
	d.again, d.adopted = true, true
	d.r.e.log.InfoContext(ctx, "an upload that was left without a record is taken up: what it holds is compared with the source",
		"job", d.r.job.ID, "location", d.to.Location, "path", d.to.Path)
	d.layDocket(ctx)
	d.record = journal.Upload{Target: d.target, ID: d.upload.ID(), Started: d.now()}
	d.recording = d.r.e.journal.BeginSoon(d.r.underWay(), d.record)
	d.r.remembered.Store(true)
	if err := d.begun(ctx); err != nil {
		return err
	}
	if _, staged := connectors.As[connectors.Staged](d.upload); staged {
		d.searchOn()
		return nil
	}
	return d.reconcile(ctx)
}

// searchOn has parts that are not known to be accepted looked for in what is staged,
// before they are sent. Where a size is proof enough, to send them costs no more.
func (d *delivery) searchOn() {
	if d.way.Proof != ProofSize {
		d.patience.Store(int32(d.workers() + 2))
	}
}

// searchBehind is for an upload that was taken up by its record: that may be older than
// what was sent. It is so if there is more than what can have been in flight.
func (d *delivery) searchBehind(ctx context.Context) {
	staged, ok := connectors.As[connectors.Staged](d.upload)
	behind := highest(d.claimed) + d.workers() + 3
	if !ok || d.traits.WriteOnly || d.r.once || behind > d.r.plan().Count() {
		return
	}
	at := d.r.plan().Part(behind)
	_, err := limited(ctx, d.r.e.o.Stall, func(ctx context.Context) (struct{}, error) {
		stream, err := staged.OpenStaged(ctx, at.Offset, 1)
		if err == nil {
			defer stream.Close()
			_, err = stream.Read(make([]byte, 1))
		}
		return struct{}{}, err
	})
	if err == nil {
		d.searchOn()
	}
}

// find looks whether the upload holds a part already, by reading back what is staged. It
// gives up when it has found nothing for as many parts as can have been in flight, and
// some: the source has changed, or the end of what is there is reached.
func (d *delivery) find(ctx context.Context, p connectors.Part) (found bool, err error) {
	staged, ok := connectors.As[connectors.Staged](d.upload)
	if d.patience.Load() <= 0 || !ok || d.sentBefore(p.Number) {
		return false, nil
	}
	equal, err := d.readBackPart(ctx, staged, p)
	if err != nil || !equal {
		d.patience.Add(-1)
		if err != nil {
			d.patience.Store(0)
		}
		if ctx.Err() == nil && err != errGone {
			err = nil // it is sent
		}
		return false, err
	}
	d.patience.Store(int32(d.workers() + 2))
	return true, nil
}

func (d *delivery) sentBefore(number int) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.tried[number]
}

// takeFound counts a part that was found.
func (d *delivery) takeFound(p connectors.Part) error {
	if d.worthRecording() {
		if err := d.r.e.journal.AcceptWith(d.r.job.ID, d.record, p, d.checkpoint(p.Number)); err != nil {
			return err
		}
	}
	d.accept(p)
	d.gauge.resumed.Add(p.Size)
	d.mu.Lock()
	defer d.mu.Unlock()
	d.resumed++
	d.held++
	return nil
}

// provedByFinding tells whether what was found, and hence read back, is not read once
// more as a whole at the end: where that would go over a network, and no reading was
// asked for.
func (d *delivery) provedByFinding() bool {
	_, disk := connectors.As[connectors.OnDisk](d.to.Place)
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.held > 0 && !disk && d.way.Proof == ProofReadback && !d.asksReading()
}
