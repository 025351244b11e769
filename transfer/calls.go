package transfer

import (
	"context"
	"time"

	"gantry/connectors"
	"gantry/transfer/journal"
)

// The calls to places that are not about bytes: each is retried, and times out
// when there is no answer.

type statter interface {
	Stat(ctx context.Context, path string) (connectors.Entry, error)
}

func (e *Engine) stat(ctx context.Context, place statter, path string, note func(error, time.Duration)) (connectors.Entry, error) {
	limit := e.o.Stall
	if slow(place) {
		limit = 0
	}
	return retry(ctx, e.retrier(note), limit, func(ctx context.Context) (connectors.Entry, error) { return place.Stat(ctx, path) })
}

func (d *delivery) stat(ctx context.Context) (connectors.Entry, error) {
	entry, err := d.r.e.stat(ctx, d.to.Place, d.to.Path, d.retrier("stat").note)
	if untold(d.to, err) { // then it is sent
		err = connectors.Errorf(connectors.KindNotFound, "stat", d.to.Path, "a drop box does not tell: %w", err)
	}
	return entry, err
}

// untold tells whether the destination is a drop box that does not say what is there.
func untold(to Destination, err error) bool {
	place, ok := to.Place.(interface{ Traits() connectors.Traits })
	kind := connectors.KindOf(err)
	return ok && (kind == connectors.KindUnsupported || kind == connectors.KindPermission) && place.Traits().WriteOnly
}

func (d *delivery) callBegin(ctx context.Context, o connectors.UploadOptions) (connectors.Upload, error) {
	return retry(ctx, d.retrier("begin"), d.r.e.o.Stall, func(ctx context.Context) (connectors.Upload, error) {
		return d.to.Place.Begin(ctx, d.to.Path, o)
	})
}

func (d *delivery) parts(ctx context.Context) ([]connectors.Part, error) {
	upload := d.upload
	return retry(ctx, d.retrier("list parts"), d.r.e.o.Stall, upload.Parts)
}

// abort takes up an upload by its ID and aborts it, and takes its second name away. One
// that is gone is aborted.
func (e *Engine) abort(ctx context.Context, place connectors.Sink, u journal.Upload) error {
	if d, ok := e.near(place, u.ID, ""); ok {
		place = d
	}
	_, err := retry(ctx, e.retrier(nil), e.o.Stall, func(ctx context.Context) (struct{}, error) {
		up, err := place.Begin(ctx, u.Target.Path, connectors.UploadOptions{Resume: u.ID, Size: -1})
		if err == nil {
			e.conceal(ctx, place, u, up)
			err = up.Abort(ctx)
		}
		return struct{}{}, err
	})
	if connectors.KindOf(err) == connectors.KindNotFound {
		e.concealCommitted(ctx, place, u)
		return nil
	}
	return err
}
