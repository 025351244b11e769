package local

import (
	"context"
	"errors"
	"iter"
	"os"
	"slices"
	"strings"

	"gantry/connectors"
	"gantry/connectors/promise"
)

// Unfinished implements connectors.Sweeper. A staged file does not tell where it
// was to go, so that only all of them can be asked for: prefix is "".
func (p *place) Unfinished(ctx context.Context, prefix string) iter.Seq2[connectors.Unfinished, error] {
	return func(yield func(connectors.Unfinished, error) bool) {
		if prefix != "" {
			yield(connectors.Unfinished{}, &connectors.Error{
				Kind: connectors.KindUnsupported, Op: "list unfinished uploads of", Path: prefix,
				Err: errors.New("a folder does not tell which path an upload is for"), Remedy: "ask for all, with an empty prefix",
			})
			return
		}
		list, err := p.unfinished(ctx)
		if err != nil {
			yield(connectors.Unfinished{}, err)
			return
		}
		for _, u := range list {
			if !yield(u, nil) {
				return
			}
		}
	}
}

func (p *place) unfinished(ctx context.Context) (list []connectors.Unfinished, err error) {
	if err := ctx.Err(); err != nil {
		return nil, fail("list unfinished uploads of", p.root, err)
	}
	root, err := p.openRoot("list unfinished uploads of", p.root)
	if err != nil {
		return nil, err
	}
	defer root.Close()
	folder, err := root.Open(promise.Folder)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fail("list unfinished uploads of", p.root, err)
	}
	defer folder.Close()
	names, err := folder.Readdirnames(-1)
	if err != nil {
		return nil, fail("list unfinished uploads of", p.root, err)
	}
	slices.Sort(names)
	for _, name := range names {
		info, err := root.Lstat(promise.StagedPath(name))
		if errors.Is(err, os.ErrNotExist) {
			continue // it is committed by now
		}
		if err != nil {
			return nil, fail("list unfinished uploads of", p.root, err)
		}
		if !info.Mode().IsRegular() {
			connectors.PassOver(ctx, promise.StagedPath(name), notAFile(info.Mode()))
			continue
		}
		list = append(list, connectors.Unfinished{ID: name, Began: began(p.root+"/"+promise.StagedPath(name), info).UTC(), Size: info.Size()})
	}
	return list, nil
}

// Discard implements connectors.Sweeper.
func (p *place) Discard(ctx context.Context, u connectors.Unfinished) error {
	if u.ID == "" || u.ID == "." || u.ID == ".." || strings.ContainsAny(u.ID, "/\x00") {
		return connectors.Errorf(connectors.KindInvalid, "discard", u.ID, "it is no upload's ID")
	}
	if err := ctx.Err(); err != nil {
		return fail("discard", u.ID, err)
	}
	root, err := p.openRoot("discard", u.ID)
	if err != nil {
		return err
	}
	defer root.Close()
	info, err := root.Lstat(promise.StagedPath(u.ID))
	if err == nil && !info.Mode().IsRegular() {
		return connectors.Errorf(connectors.KindInvalid, "discard", u.ID, "%w", notAFile(info.Mode()))
	}
	if err == nil {
		err = root.Remove(promise.StagedPath(u.ID))
	}
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	return fail("discard", u.ID, err)
}
