package aspera

import (
	"context"
	"errors"
	"fmt"
	"path"
	"time"

	"gantry/connectors"
	"gantry/connectors/promise"
)

// What is on its way has a folder of its own in the staging folder, named by its
// ID: with the file that arrives, what ascp writes beside it, and the file that is
// about to be replaced.
const (
	staged = "data"
	aside  = "old"
)

func stagedPath(id string) string { return promise.StagedPath(id) + "/" + staged }

// Publish implements connectors.Moving.
func (w *moving) Publish(ctx context.Context) (connectors.Entry, error) {
	entry, err := w.Wait()
	if err != nil || w.movement.Receive || w.place.node == nil {
		return entry, err
	}
	err = w.persevere(ctx, func(ctx context.Context) (_ bool, err error) {
		entry, err = w.place.publish(ctx, w.entry, w.movement)
		return false, err
	})
	return entry, err
}

// publish gives a file that has arrived its name. It may be called again after any
// failure: what is not staged any more and stands at the path has been published.
func (p *place) publish(ctx context.Context, arrived connectors.Entry, m connectors.Movement) (connectors.Entry, error) {
	if err := p.usable("publish", m.Path); err != nil {
		return connectors.Entry{}, err
	}
	to, folder := p.abs(m.Path), path.Dir(p.abs(arrived.Path))
	now, lost := p.file(ctx, arrived.Path)
	switch {
	case connectors.KindOf(lost) == connectors.KindNotFound:
	case lost != nil:
		return connectors.Entry{}, lost
	case !now.SameVersion(arrived):
		return connectors.Entry{}, connectors.Errorf(connectors.KindIntegrity, "publish", m.Path, "what has arrived was changed meanwhile")
	default:
		if err := p.node.MakeFolders(ctx, path.Dir(to)); err != nil {
			return connectors.Entry{}, err
		}
		if err := p.replace(ctx, p.abs(arrived.Path), to, folder, m.Exclusive); err != nil {
			return connectors.Entry{}, err
		}
	}
	entry, err := p.file(ctx, m.Path)
	if lost != nil && (err != nil || !entry.SameVersion(arrived)) {
		return entry, connectors.Errorf(connectors.KindIntegrity, "publish", m.Path, "what has arrived is gone: %w", lost)
	}
	if err == nil {
		err = p.forget(ctx, folder)
	}
	return entry, err
}

// inMotion is how long a replacement goes on whose caller has ended: in between,
// there is no file by the name.
const inMotion = 10 * time.Second

// replace renames from to to. A file that stands there is moved aside into the
// folder first, and back if that fails: no server is known to replace one in a
// rename. The caller forgets the folder.
func (p *place) replace(ctx context.Context, from, to, folder string, exclusive bool) error {
	there, err := p.node.Stat(ctx, to)
	switch kind := connectors.KindOf(err); {
	case kind == connectors.KindNotFound:
		return p.node.Rename(ctx, from, to)
	case err != nil:
		return err
	case there.Folder():
		return connectors.Errorf(connectors.KindInvalid, "rename", to, "a folder stands where the file should be")
	case exclusive:
		return connectors.Errorf(connectors.KindExists, "rename", to, "there is a file already, which must not be replaced")
	}
	old := folder + "/" + aside
	if err := p.forget(ctx, old); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return promise.Ended("rename", to, err)
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), inMotion)
	defer cancel()
	if err := p.node.Rename(ctx, to, old); err != nil {
		return err
	}
	if err := p.node.Rename(ctx, from, to); err != nil {
		if _, gone := p.node.Stat(ctx, to); connectors.KindOf(gone) != connectors.KindNotFound {
			return errors.Join(err, gone) // the answer was lost, and not the rename
		}
		if back := p.node.Rename(ctx, old, to); back != nil {
			return fmt.Errorf("%w; the file that was there is at %s now: %w", err, old, back)
		}
		return err
	}
	return nil
}

// forget deletes what need not be there.
func (p *place) forget(ctx context.Context, abs string) error {
	err := p.node.Delete(ctx, abs)
	if connectors.KindOf(err) == connectors.KindNotFound {
		return nil
	}
	return err
}

// Rename implements connectors.Renamer. The file that is renamed is never anywhere
// but at one of its two names.
func (p noded) Rename(ctx context.Context, from, to string) error {
	abs, err := p.ready("rename", from)
	if err != nil {
		return err
	}
	clean, err := promise.CleanPath(to)
	if err == nil {
		err = carried(clean)
	}
	if err != nil {
		return err
	}
	if _, err := p.Stat(ctx, from); err != nil {
		return err
	}
	folder := p.abs(promise.StagedPath(promise.NewID(clean)))
	for _, needed := range []string{path.Dir(p.abs(clean)), folder} {
		if err := p.node.MakeFolders(ctx, needed); err != nil {
			return err
		}
	}
	if err := p.replace(ctx, abs, p.abs(clean), folder, false); err != nil {
		return err
	}
	return p.forget(ctx, folder)
}
