package transfer

import (
	"context"
	"slices"
	"time"

	"gantry/connectors"
	"gantry/transfer/journal"
)

// begin takes up the upload of an earlier run, or starts one.
func (d *delivery) begin(ctx context.Context) error {
	if d.traits.WriteOnly && !d.provable() {
		return errUnprovable(d.to.Path)
	}
	if earlier, ok := d.r.record.Uploads[d.target]; ok {
		return d.takeUp(ctx, earlier)
	}
	if d.to.Exclusive && !d.traits.WriteOnly && d.r.plan().Open() {
		if err := d.stillFree(ctx); err != nil {
			return err
		}
		return d.beginAnew(ctx)
	}
	if d.to.Exclusive && !d.traits.WriteOnly && d.r.plan().Count() > 1 {
		return d.beginWhereFree(ctx)
	}
	return d.beginAnew(ctx)
}

// beginWhereFree saves sending a large file that the place would refuse in the end.
// If there is a file of the right size, nothing is sent until its digest is compared.
func (d *delivery) beginWhereFree(ctx context.Context) error {
	entry, err := d.stat(ctx)
	switch kind := connectors.KindOf(err); {
	case kind == connectors.KindNotFound:
		return d.beginAnew(ctx)
	case kind != "":
		return err
	case entry.Size != d.r.plan().Size:
		return d.errTaken()
	}
	d.lost, d.strange = true, true
	d.leave()
	return nil
}

// stillFree is for after a file at the path was found not to be ours.
func (d *delivery) stillFree(ctx context.Context) error {
	_, err := d.stat(ctx)
	switch connectors.KindOf(err) {
	case connectors.KindNotFound:
		return nil
	case "":
		return d.errTaken()
	default:
		return err
	}
}

func (d *delivery) errTaken() error {
	return connectors.Errorf(connectors.KindExists, "begin", d.to.Path, "there is another file already, and it must not be replaced")
}

func (d *delivery) takeUp(ctx context.Context, earlier journal.Upload) error {
	if slices.Contains(d.r.left(d.to).busy, earlier.ID) {
		d.r.e.log.WarnContext(ctx, "another process has taken up the upload of the last run, and sends it: this run sends its own",
			"job", d.r.job.ID, "location", d.to.Location, "path", d.to.Path)
		return d.lose(ctx)
	}
	up, err := d.resume(ctx, earlier.ID)
	if connectors.KindOf(err) == connectors.KindNotFound {
		return d.lose(ctx)
	}
	if err != nil {
		return err
	}
	d.upload, d.record, d.again = up, earlier, true
	d.holdDocket(ctx)
	if err := d.reconcile(ctx); err != nil || d.upload == nil {
		return err
	}
	d.searchBehind(ctx)
	return nil
}

// lose decides what to do without the upload of an earlier run. If there is a file
// of the right size, it may be ours, committed just before the end: then nothing is
// sent until its digest is compared.
func (d *delivery) lose(ctx context.Context) error {
	d.upload, d.again = nil, false
	d.docket.Remove()
	entry, err := d.statLate(ctx)
	switch kind := connectors.KindOf(err); {
	case kind == "" && (d.r.plan().Open() || entry.Size == d.r.plan().Size):
		d.lost = true
		d.leave()
		return nil
	case kind == "" || kind == connectors.KindNotFound:
		return d.beginAnew(ctx)
	default:
		return err
	}
}

// lateCommit is how long a place may still be busy with a commit whose caller was
// killed: the upload is gone by then, and the file is not there yet.
const lateCommit = 5 * time.Second

// statLate looks at the path, and where every part had been accepted, so that a
// commit may be under way, waits a little for its file.
func (d *delivery) statLate(ctx context.Context) (connectors.Entry, error) {
	entry, err := d.stat(ctx)
	whole := d.r.plan().Open() || len(d.r.record.Parts[d.target]) == d.r.plan().Count()
	for waited := time.Duration(0); whole && connectors.KindOf(err) == connectors.KindNotFound && waited < lateCommit; waited += lateCommit / 20 {
		if d.r.e.o.Sleep(ctx, lateCommit/20) != nil {
			return entry, ended(ctx, err)
		}
		entry, err = d.stat(ctx)
	}
	return entry, err
}

// beginAnew starts an upload and records it before a part is sent.
func (d *delivery) beginAnew(ctx context.Context) error {
	if done, err := d.takeUpLeft(ctx); done || err != nil {
		return err
	}
	up, err := d.callBegin(ctx, d.options())
	if err != nil {
		return err
	}
	d.upload = up
	if _, fleeting := up.(connectors.Fleeting); fleeting {
		return nil // there will be nothing to take up, nor to clear away
	}
	d.record = journal.Upload{Target: d.target, ID: up.ID(), Started: d.r.e.o.Now().UTC()}
	d.recording = d.beginRecord()
	if d.r.once {
		return nil // a part that is lost is sent again as quickly
	}
	d.r.remembered.Store(true)
	d.layDocket(ctx)
	return d.begun(ctx)
}

// begun waits until the journal has the upload.
func (d *delivery) begun(ctx context.Context) error {
	if d.recording == nil {
		return nil
	}
	err := d.recording()
	if d.recording = nil; err != nil {
		d.abort(ctx)
	}
	return err
}

// underWay is how the journal holds the job.
func (r *run) underWay() journal.Job {
	started := r.started
	if r.record.Job != nil {
		started = r.record.Job.Started
	}
	return journal.Job{ID: r.job.ID, Plan: r.cut(), Started: started, Source: r.origin()}
}

func (d *delivery) options() connectors.UploadOptions {
	size, modified := d.r.described()
	return connectors.UploadOptions{
		Size: size, ModTime: modified, ContentType: d.r.job.ContentType,
		Metadata: d.r.job.Metadata, Exclusive: d.to.Exclusive, Brief: true, AtOnce: d.r.once,
	}
}

// beginRecord writes the upload down. One that is sent again as quickly is only kept
// from being left behind.
func (d *delivery) beginRecord() (wait func() error) {
	if d.r.once {
		return d.r.e.journal.BeginBriefly(d.r.underWay(), d.record)
	}
	return d.r.e.journal.BeginSoon(d.r.underWay(), d.record)
}
