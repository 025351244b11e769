package transfer

import (
	"context"
	"time"

	"gantry/transfer/docket"
	"gantry/transfer/journal"
)

// waited is for how long another job, of a configuration that we do not know, may be about
// to go on with its upload: jobs are paused, and wait for their windows.
const waited = 14 * 24 * time.Hour

// discardOld is discard for an upload that is as good as ours, and may be another's: its
// way is names of locations, which two configurations may share.
func (d *delivery) discardOld(ctx context.Context, h *docket.Held) {
	if d.now().Sub(h.Began) < waited {
		h.Release()
		return
	}
	d.discard(ctx, h)
}

// discard gives up what the docket names, unless another job is going to send it on.
func (d *delivery) discard(ctx context.Context, h *docket.Held) {
	if d.anothers(h.ID) {
		h.Release()
		return
	}
	if err := d.r.e.abort(ctx, d.to.Place, journal.Upload{Target: d.target, ID: h.ID}); err != nil {
		h.Release()
		return
	}
	h.Remove()
}

// anothers tells whether the journal has an upload as that of another job, or cannot tell.
func (d *delivery) anothers(id string) bool {
	if d.r.e.journal == nil {
		return false
	}
	for job, err := range d.r.e.journal.Jobs() {
		if err != nil {
			return true
		}
		if job.ID == d.r.job.ID || job.Source.Location != d.r.job.Source.Location || job.Source.Path != d.r.job.Source.Path {
			continue
		}
		for u, err := range d.r.e.journal.Uploads(job.ID) {
			if err != nil || u.ID == id && u.Target == d.target {
				return true
			}
		}
	}
	return false
}
