package transfer

import (
	"context"
	"errors"

	"gantry/connectors"
	"gantry/transfer/journal"
)

// reveal gives what arrives a second name, under which others may read it. The name
// is in the journal before it is made, so that it is ours after a crash.
func (d *delivery) reveal(ctx context.Context) error {
	if d.to.Reveal == "" || d.upload == nil {
		return nil
	}
	err := d.revealOnce(ctx)
	if err != nil && ctx.Err() == nil {
		d.abort(ctx)
	}
	return err
}

func (d *delivery) revealOnce(ctx context.Context) error {
	up, ok := connectors.As[connectors.Revealer](d.upload)
	if !ok {
		return &connectors.Error{
			Kind: connectors.KindUnsupported, Op: "reveal", Path: d.to.Reveal, Err: errors.New("the place cannot show a file that is not whole"),
			Remedy: "leave reveal out: only folders and SFTP servers with hard links have it",
		}
	}
	_, err := d.r.e.stat(ctx, d.to.Place, d.to.Reveal, d.retrier("stat").note)
	switch {
	case err == nil && d.record.Revealed == d.to.Reveal:
		return nil
	case err == nil:
		return connectors.Errorf(connectors.KindExists, "reveal", d.to.Reveal, "there is a file already, which is not replaced; remove it, or take another name")
	case connectors.KindOf(err) != connectors.KindNotFound:
		return err
	}
	d.record.Revealed = d.to.Reveal
	if err := d.r.e.journal.Begin(d.r.underWay(), d.record); err != nil {
		return err
	}
	_, err = retry(ctx, d.retrier("reveal"), d.r.e.o.Stall, func(ctx context.Context) (struct{}, error) {
		return struct{}{}, up.Reveal(ctx, d.to.Reveal)
	})
	if kind := connectors.KindOf(err); kind == connectors.KindExists || kind == connectors.KindUnsupported {
		d.record.Revealed = "" // it is somebody else's
		err = errors.Join(err, d.r.e.journal.Begin(d.r.underWay(), d.record))
	}
	return err
}

// conceal takes the second name away, whether or not ctx has ended.
func (d *delivery) conceal(ctx context.Context) {
	for _, u := range []journal.Upload{d.record, d.r.record.Uploads[d.target]} {
		if u.Revealed != "" {
			d.r.e.conceal(ctx, d.to.Place, u)
		}
	}
	d.record.Revealed = ""
}

// conceal removes the second name of an upload that is committed or given up.
func (e *Engine) conceal(ctx context.Context, place connectors.Sink, u journal.Upload) {
	if u.Revealed == "" {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), abortTime)
	defer cancel()
	err := place.Remove(ctx, u.Revealed)
	if err != nil && connectors.KindOf(err) != connectors.KindNotFound {
		e.log.WarnContext(ctx, "the name that showed what had arrived is left: remove it by hand", "location", u.Target.Location, "path", u.Revealed, "error", err)
	}
}
