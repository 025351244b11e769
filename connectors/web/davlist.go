package web

import (
	"context"
	"errors"
	"slices"
	"strings"

	"gantry/connectors"
	"gantry/connectors/promise"
)

// errStopped ends a walk whose consumer wants no more.
var errStopped = errors.New("stopped")

// A walk lists folder after folder, and holds the names of one folder a level.
type walk struct {
	p     *place
	ctx   context.Context
	yield func(connectors.Entry, error) bool
}

func (w *walk) list(prefix string) error {
	if prefix == "" {
		return w.folder("")
	}
	a := ask{op: "list", path: prefix}
	r, err := w.p.resource(w.ctx, a, prefix)
	switch {
	case connectors.KindOf(err) == connectors.KindNotFound:
		return nil
	case err != nil:
		return err
	case r.collection:
		return w.folder(prefix)
	}
	return w.file(prefix, r)
}

func (w *walk) file(path string, r resource) error {
	e, err := w.p.described(w.ctx, ask{op: "list", path: path}, r)
	if err != nil {
		return err
	}
	if !w.yield(e, nil) {
		return errStopped
	}
	return nil
}

// A child is a file or a folder of a folder.
type child struct {
	key string // its path; a folder's with a slash, as it stands in the paths below it
	resource
}

func (w *walk) folder(path string) error {
	children, err := w.children(path)
	if err != nil {
		return err
	}
	for _, c := range children {
		if err := w.ctx.Err(); err != nil {
			return promise.Ended("list", orRoot(path, w.p.wire), err)
		}
		if below, ok := strings.CutSuffix(c.key, "/"); ok {
			err = w.folder(below)
		} else {
			err = w.file(c.key, c.resource)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// children are what a folder holds, in the order of the paths.
func (w *walk) children(path string) (children []child, err error) {
	at := w.p.folderURL(path)
	a := ask{op: "list", path: path, url: at}
	err = w.p.properties(w.ctx, a, "1", func(r resource) error {
		name, err := nameIn(at, r.href)
		if err == nil && name == "" || name == promise.Folder && (r.collection || strings.HasSuffix(r.href, "/")) {
			return nil
		}
		full := strings.TrimPrefix(path+"/"+name, "/")
		if err == nil {
			full, err = promise.CleanPath(full)
		}
		if err != nil {
			connectors.PassOver(w.ctx, r.href, err)
			return nil
		}
		if r.collection {
			full += "/"
		}
		children = append(children, child{full, r})
		return nil
	})
	if err != nil {
		return nil, err
	}
	slices.SortFunc(children, func(a, b child) int { return strings.Compare(a.key, b.key) })
	for i, c := range children[min(1, len(children)):] {
		if c.key == children[i].key {
			return nil, connectors.Errorf(connectors.KindIncomplete, "list", orRoot(path, w.p.wire), "the server lists %q twice", c.key)
		}
	}
	return children, nil
}
