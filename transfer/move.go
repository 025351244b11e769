package transfer

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"gantry/connectors"
	"gantry/transfer/schedule"
)

// What the engine does otherwise for places that move whole files; see depot.

// staged is the job with depots for such places.
func (e *Engine) staged(j Job) Job {
	disk := ""
	if d, ok := connectors.As[connectors.OnDisk](j.Source.Place); ok && j.Pack == nil {
		if file, err := d.FilePath(j.Source.Path); err == nil {
			disk = file
		}
	}
	if d, ok := e.near(j.Source.Place, j.ID, j.Source.Location); ok {
		j.Source.Place = d
	}
	to := make([]Destination, len(j.Destinations))
	for i, destination := range j.Destinations {
		to[i] = destination
		if d, ok := e.near(destination.Place, j.ID, destination.Location); ok {
			d.fresh, d.disk = true, disk
			to[i].Place = d
		}
	}
	j.Destinations = to
	return j
}

// leave gives back what depots have taken.
func (r *run) leave() {
	from := r.job.Source.Place
	if r.packer != nil {
		from = r.packer.from
	}
	if d, ok := from.(*depot); ok {
		d.leave()
	}
	for _, to := range r.job.Destinations {
		if d, ok := to.Place.(*depot); ok {
			d.leave()
		}
	}
}

// mayHaveStaged tells whether the scratch folder may hold something of the job, by this
// run or an earlier one.
func (r *run) mayHaveStaged() bool {
	if r.packer != nil || r.record.Job != nil || r.receipt != nil {
		return true
	}
	staging := func(place any) bool { _, ok := place.(*depot); return ok }
	return staging(r.job.Source.Place) || slices.ContainsFunc(r.job.Destinations, func(d Destination) bool { return staging(d.Place) })
}

// tidy removes what a job has received.
func (e *Engine) tidy(jobID string) {
	if err := os.RemoveAll(filepath.Join(e.o.Scratch, scratchName(jobID))); err != nil {
		e.log.Warn("what a job has staged is left in the scratch folder", "job", jobID, "error", err)
	}
}

// forgotten is how long a folder that no job of the journal has may still be one of
// another engine, or of a job that had got no further than to receive its source.
const forgotten = 7 * 24 * time.Hour

// tidyAll removes what jobs have received that were given up long ago.
func (e *Engine) tidyAll() {
	old := map[string]bool{}
	entries, _ := os.ReadDir(e.o.Scratch) // a folder that is not there has none
	for _, entry := range entries {
		if !entry.IsDir() || len(entry.Name()) != len(scratchName("")) || strings.Trim(entry.Name(), "0123456789abcdef") != "" {
			continue
		}
		if info, err := entry.Info(); err == nil && e.o.Now().Sub(info.ModTime()) > forgotten {
			old[entry.Name()] = true
		}
	}
	if len(old) == 0 || e.journal == nil {
		return
	}
	for job, err := range e.journal.Jobs() {
		if err != nil {
			return
		}
		delete(old, scratchName(job.ID))
	}
	for name := range old {
		_ = os.RemoveAll(filepath.Join(e.o.Scratch, name)) // the next start tries again
	}
}

// fetch receives the source, if it has to be. Its bytes are told as those that are
// read; they are read again from here.
func (r *run) fetch(ctx context.Context) error {
	d, ok := r.job.Source.Place.(*depot)
	if !ok {
		return nil
	}
	defer r.hashed.Store(0)
	return r.receive(ctx, d, r.source, r.hashed.Store)
}

// receive brings a file to this machine.
func (r *run) receive(ctx context.Context, d *depot, file connectors.Entry, told func(int64)) error {
	flow := r.movement(d, schedule.Read)
	_, err := throughPauses(ctx, r.control, func(ctx context.Context) (struct{}, error) {
		return retry(ctx, r.e.retrier(r.noteRetry), 0, func(ctx context.Context) (struct{}, error) {
			return struct{}{}, inPatience(ctx, flow, file.Size, func(ctx context.Context, slot *schedule.Slot) error {
				return d.collect(moveIn(ctx, slot), file.Path, told)
			})
		})
	})
	return err
}

// bringBack receives a copy that is to be read, if it has to be.
func (d *delivery) bringBack(ctx context.Context) error {
	far, ok := d.to.Place.(*depot)
	if !ok {
		return nil
	}
	return d.receive(ctx, func(ctx context.Context, told func(int64)) error { return far.collect(ctx, d.to.Path, told) })
}

func (d *delivery) receive(ctx context.Context, collect func(context.Context, func(int64)) error) error {
	d.gauge.enter(PhaseVerify, 0)
	_, err := throughPauses(ctx, d.r.control, func(ctx context.Context) (struct{}, error) {
		return retry(ctx, d.retrier("read back"), 0, func(ctx context.Context) (struct{}, error) {
			return struct{}{}, collect(ctx, d.gauge.done.Store)
		})
	})
	return err
}

// move moves an upload that is a movement: it takes as long as it takes.
func (d *delivery) move(ctx context.Context) error {
	u, ok := d.upload.(*consignment)
	if !ok {
		return nil
	}
	d.gauge.enter(PhaseSend, 0)
	u.told = d.gauge.done.Store
	whole, tries, flow := d.whole(), 0, d.r.movement(u.d, schedule.Write)
	_, err := throughPauses(ctx, d.r.control, func(ctx context.Context) (struct{}, error) {
		return retry(ctx, d.retrier("move"), 0, func(ctx context.Context) (struct{}, error) {
			tries++
			return struct{}{}, inPatience(ctx, flow, whole.Size, func(ctx context.Context, slot *schedule.Slot) error { return u.move(moveIn(ctx, slot), whole) })
		})
	})
	d.gauge.sent.Store(u.arrived)
	if err != nil {
		return d.refused(ctx, err, tries > 1)
	}
	return nil
}

// blind tells whether the place could not be asked, so that the file was received
// to find out whether it is there. Then its size alone is no proof.
func (d *delivery) blind() bool {
	far, ok := d.to.Place.(*depot)
	return ok && far.has(d.to.Path)
}

// passes is the phase of a delivery while the source is read.
func (d *delivery) passes() string {
	if u, ok := d.upload.(*consignment); ok && u.d.disk != "" {
		return PhaseHash // nothing is sent before the commit
	}
	return PhaseSend
}

// slow tells whether a description may need the whole file.
func slow(place statter) bool {
	switch p := place.(type) {
	case *depot:
		return true
	case *packer:
		_, moved := p.from.(*depot)
		return moved
	}
	return false
}

// scratch is where files are staged if nobody has said so.
func scratch() string {
	base, err := os.UserCacheDir()
	if err != nil {
		base = os.TempDir()
	}
	return filepath.Join(base, "gantry", "scratch")
}
