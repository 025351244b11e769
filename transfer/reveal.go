package transfer

import (
	"context"
	"errors"
	"slices"

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
		d.giveUp(ctx)
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
	d.record.Revealed = d.to.Reveal
	if err := d.r.e.journal.Begin(d.r.underWay(), d.record); err != nil {
		return err
	}
	made, err := retry(ctx, d.retrier("reveal"), d.r.e.o.Stall, func(ctx context.Context) ([]string, error) {
		return up.Reveal(ctx, d.to.Reveal)
	})
	switch kind := connectors.KindOf(err); {
	case kind == connectors.KindExists || kind == connectors.KindUnsupported:
		d.record.Revealed = "" // it is somebody else's
		return errors.Join(err, d.r.e.journal.Begin(d.r.underWay(), d.record))
	case err == nil && len(made) > 0:
		d.record.Folders = made
		return d.r.e.journal.Begin(d.r.underWay(), d.record)
	}
	return err
}

// conceal takes the second name away from an upload that is to be given up, or to wait.
func (d *delivery) conceal(ctx context.Context) {
	if d.record.Revealed == "" || d.upload == nil {
		return
	}
	d.r.e.conceal(ctx, d.to.Place, d.record, d.upload)
	d.record.Revealed = ""
}

// concealCommitted takes it away from a file that is under its path, whichever run gave
// it the name.
func (d *delivery) concealCommitted() {
	d.r.e.concealCommitted(context.Background(), d.to.Place, d.record)
	if earlier := d.r.record.Uploads[d.target]; earlier.Revealed != d.record.Revealed {
		d.r.e.concealCommitted(context.Background(), d.to.Place, earlier)
	}
	d.record.Revealed = ""
}

// conceal removes the second name of an upload that is to be given up. Only the upload
// can tell whether the name is its own: if it can have it once more.
func (e *Engine) conceal(ctx context.Context, place connectors.Sink, u journal.Upload, upload connectors.Upload) {
	up, ok := connectors.As[connectors.Revealer](upload)
	if u.Revealed == "" || !ok {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), abortTime)
	defer cancel()
	if _, err := up.Reveal(ctx, u.Revealed); err != nil {
		e.stillShown(ctx, u, err)
		return
	}
	e.unname(ctx, place, u)
}

// concealCommitted is conceal once the file has its path.
func (e *Engine) concealCommitted(ctx context.Context, place connectors.Sink, u journal.Upload) {
	if u.Revealed == "" {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), abortTime)
	defer cancel()
	same, err := sameNow(ctx, place, u.Target.Path, u.Revealed)
	switch {
	case connectors.KindOf(err) == connectors.KindNotFound:
	case err == nil && !same:
		e.stillShown(ctx, u, errors.New("another file has taken it, as far as its place can tell"))
	case err != nil:
		e.stillShown(ctx, u, err)
	default:
		e.unname(ctx, place, u)
	}
}

// sameNow tells whether two paths name one file, as far as the place can tell. KindNotFound
// if there is none at the second.
func sameNow(ctx context.Context, place connectors.Sink, path, second string) (bool, error) {
	if i, ok := connectors.As[connectors.Identifier](place); ok {
		two, err := i.Identity(ctx, second)
		if err != nil {
			return false, err
		}
		if one, err := i.Identity(ctx, path); err != nil || one != "" {
			return one == two, err
		}
	}
	if t, ok := connectors.As[connectors.Twinner](place); ok {
		return t.SameFile(ctx, path, second)
	}
	two, err := place.Stat(ctx, second)
	if err != nil {
		return false, err
	}
	one, err := place.Stat(ctx, path)
	return err == nil && one.Size == two.Size && one.ModTime.Equal(two.ModTime), err
}

// unname removes the second name, and the folders that were made for it and are empty.
func (e *Engine) unname(ctx context.Context, place connectors.Sink, u journal.Upload) {
	if err := place.Remove(ctx, u.Revealed); err != nil && connectors.KindOf(err) != connectors.KindNotFound {
		e.stillShown(ctx, u, err)
		return
	}
	folders, ok := connectors.As[connectors.Foldered](place)
	for _, folder := range slices.Backward(u.Folders) {
		if !ok || folders.RemoveFolder(ctx, folder) != nil {
			return // somebody uses it
		}
	}
}

func (e *Engine) stillShown(ctx context.Context, u journal.Upload, why error) {
	e.log.WarnContext(ctx, "the name that showed what had arrived is left: look at it, and remove it by hand if it is not wanted",
		"location", u.Target.Location, "path", u.Revealed, "error", why)
}
