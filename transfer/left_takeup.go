package transfer

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"

	"gantry/connectors"
	"gantry/transfer/docket"
)

// termsOf sums up what a place may keep of the options from the beginning of an upload,
// beside the time.
func termsOf(o connectors.UploadOptions) string {
	data, _ := json.Marshal([]any{o.ContentType, o.Metadata}) // text alone: it does not fail
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:16])
}

// takeUpLeft takes up an upload of which no record is known. done is false if there is
// none: then one is begun. What keeps it from being taken up is no reason not to send.
func (d *delivery) takeUpLeft(ctx context.Context) (done bool, err error) {
	if d.sought || d.lives > 0 || !d.r.leaves(d.to) {
		return false, nil
	}
	d.sought = true
	left, gone := d.r.left(d.to), false
	for _, h := range left.dockets {
		if d.upload != nil {
			if h.Terms == d.docket.Terms { // one is enough
				d.discardOld(ctx, h)
			}
			continue
		}
		switch err := d.takeUpBy(ctx, h); {
		case ctx.Err() != nil:
			return false, ended(ctx, err)
		case connectors.KindOf(err) == connectors.KindNotFound:
			h.Remove()
			gone = true
		case err != nil:
			d.r.e.log.InfoContext(ctx, "an upload that was left is not taken up", "job", d.r.job.ID, "location", d.to.Location, "path", d.to.Path, "error", err)
			h.Release()
		}
	}
	if d.upload == nil && len(left.dockets) == 0 {
		d.takeUpFound(ctx, left.busy)
	}
	switch {
	case d.upload != nil:
		return true, d.takenUp(ctx)
	case gone: // it may have been committed
		return true, d.lose(ctx)
	}
	return false, nil
}

// takeUpBy takes up the upload of a docket. One that would not become the file that is
// wanted is given up. KindNotFound if it is gone.
func (d *delivery) takeUpBy(ctx context.Context, h *docket.Held) error {
	up, err := d.resume(ctx, h.ID)
	if err != nil {
		return err
	}
	if h.Terms != termsOf(d.options()) { // its own journal may know what it is for
		h.Release()
		return nil
	}
	_, staged := connectors.As[connectors.Staged](up)
	long := d.traits.Sequential && h.Plan.Size > d.r.plan().Size && !d.r.plan().Open() // such a place cannot shorten it
	switch {
	case long, !staged && !h.ModTime.Equal(d.options().ModTime):
		d.discard(ctx, h)
		return nil
	case !staged && !sameCut(h, d): // others may cut the same file in another way
		d.discardOld(ctx, h)
		return nil
	}
	d.upload, d.docket = up, h
	return nil
}

// sameCut tells whether the parts lie where they lay.
func sameCut(h *docket.Held, d *delivery) bool {
	return h.Plan.PartSize == d.r.plan().PartSize && h.Plan.Doubles == d.r.plan().Doubles
}

func (d *delivery) resume(ctx context.Context, id string) (connectors.Upload, error) {
	o := d.options()
	o.Resume = id
	return d.callBegin(ctx, o)
}

// takeUpFound looks for an upload that has been at rest for long, where the place shows
// them.
func (d *delivery) takeUpFound(ctx context.Context, busy []string) {
	adopter, ok := connectors.As[connectors.Adopter](d.to.Place)
	if !ok || !d.r.plan().Open() && d.r.plan().Size < worthLooking || d.way.Proof == ProofSize {
		return
	}
	err := func() error {
		found, err := d.atRest(ctx, adopter, busy)
		if err != nil || found.ID == "" {
			return err
		}
		id, err := limited(ctx, d.r.e.o.Stall, func(ctx context.Context) (string, error) { return adopter.Claim(ctx, d.to.Path, found.ID) })
		if err != nil {
			return err
		}
		d.upload, err = d.resume(ctx, id)
		if err != nil {
			d.upload = nil
		}
		return err
	}()
	if err != nil {
		d.r.e.log.InfoContext(ctx, "no upload that was left is taken up", "job", d.r.job.ID, "location", d.to.Location, "path", d.to.Path, "error", err)
	}
}

// atRest gives the largest upload that nobody has written to for long; the zero one if
// there is none.
func (d *delivery) atRest(ctx context.Context, adopter connectors.Adopter, busy []string) (best connectors.Left, err error) {
	ask := func() (list []connectors.Left, err error) {
		return limited(ctx, d.r.e.o.Stall, func(ctx context.Context) ([]connectors.Left, error) { return adopter.Left(ctx, d.to.Path) })
	}
	list, err := ask()
	if best = d.largest(list, busy); err != nil || best.ID == "" {
		return connectors.Left{}, err
	}
	if err := d.r.e.o.Sleep(ctx, look); err != nil {
		return connectors.Left{}, err
	}
	if list, err = ask(); err != nil {
		return connectors.Left{}, err
	}
	for _, l := range list {
		if l.ID == best.ID && l.Size == best.Size && l.Written.Equal(best.Written) {
			return best, nil
		}
	}
	return connectors.Left{}, nil
}
