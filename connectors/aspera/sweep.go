package aspera

import (
	"context"
	"errors"
	"iter"
	"path"

	"gantry/connectors"
	"gantry/connectors/aspera/node"
	"gantry/connectors/promise"
)

var (
	errHoldsOld = errors.New("it holds the file that an interrupted upload or rename was replacing: sweep the path of that file, which puts it back")
	errNoTime   = errors.New("the server does not tell when it began")
)

// Unfinished implements connectors.Sweeper. The name of what is left tells whether
// it belongs to a path, but not to which: without a prefix all are yielded without
// a path, and for another prefix only those of this very file. Of what may be below
// a folder nothing is known, which is KindUnsupported.
func (p noded) Unfinished(ctx context.Context, prefix string) iter.Seq2[connectors.Unfinished, error] {
	return func(yield func(connectors.Unfinished, error) bool) {
		w := walk{ctx: ctx, place: p.place}
		folders, err := w.left(promise.Folder)
		if err != nil {
			yield(connectors.Unfinished{}, err)
			return
		}
		found, others := 0, 0
		for _, folder := range folders {
			id := path.Base(folder.Path)
			if !promise.IsID(id) || !folder.Folder() {
				continue
			}
			if prefix != "" && promise.CheckID(id, prefix) != nil {
				others++
				continue
			}
			found++
			u, err := w.unfinished(folder, prefix)
			if errors.Is(err, errHoldsOld) || errors.Is(err, errNoTime) {
				connectors.PassOver(ctx, promise.StagedPath(id), err)
				continue
			}
			if !yield(u, err) || err != nil {
				return
			}
		}
		if found > 0 || others == 0 {
			return
		}
		if _, err := p.Stat(ctx, prefix); err != nil {
			yield(connectors.Unfinished{}, &connectors.Error{
				Kind: connectors.KindUnsupported, Op: "list uploads below", Path: prefix,
				Err: errors.New("the staging folder does not tell the folders that uploads belong to"), Remedy: "name one file, or the whole place",
			})
		}
	}
}

func (w *walk) unfinished(folder node.Item, file string) (connectors.Unfinished, error) {
	id := path.Base(folder.Path)
	u := connectors.Unfinished{Path: file, ID: id, Began: folder.ModTime}
	items, err := w.left(promise.StagedPath(id))
	for _, item := range items {
		if u.Size += item.Size; path.Base(item.Path) == aside && file == "" {
			return u, errHoldsOld
		}
	}
	if err == nil && u.Began.IsZero() {
		err = errNoTime
	}
	return u, err
}

// left lists a folder that need not be there.
func (w *walk) left(folder string) ([]node.Item, error) {
	items, err := w.items(w.place.abs(folder))
	if connectors.KindOf(err) == connectors.KindNotFound {
		return nil, nil
	}
	return items, err
}

// Discard implements connectors.Sweeper. A file that a crash has left moved aside
// is put back first; without its path, that is KindHeld, and nothing is deleted.
func (p noded) Discard(ctx context.Context, u connectors.Unfinished) error {
	if !promise.IsID(u.ID) || u.Path != "" && promise.CheckID(u.ID, u.Path) != nil {
		return connectors.Errorf(connectors.KindInvalid, "discard", u.ID, "it is no upload, or not one of %q", u.Path)
	}
	w := walk{ctx: ctx, place: p.place}
	items, err := w.left(promise.StagedPath(u.ID))
	if err != nil {
		return err
	}
	for _, item := range items {
		if path.Base(item.Path) != aside {
			continue
		}
		if u.Path == "" {
			return connectors.Errorf(connectors.KindHeld, "discard", u.ID, "%w", errHoldsOld)
		}
		if err := p.putBack(ctx, item.Path, p.abs(u.Path)); err != nil {
			return err
		}
	}
	return p.forget(ctx, p.abs(promise.StagedPath(u.ID)))
}

// putBack is for a file that was moved aside and may be the only one of its name.
func (p *place) putBack(ctx context.Context, old, to string) error {
	_, err := p.node.Stat(ctx, to)
	if connectors.KindOf(err) != connectors.KindNotFound {
		return err
	}
	if err := p.node.MakeFolders(ctx, path.Dir(to)); err != nil {
		return err
	}
	return p.node.Rename(ctx, old, to)
}
