package aspera

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"path"
	"slices"
	"strings"

	"gantry/connectors"
	"gantry/connectors/aspera/node"
	"gantry/connectors/promise"
)

const (
	pageSize = 1000
	maxDepth = 100       // folders inside of each other; more is a loop
	maxItems = 5_000_000 // in one folder
)

// List implements connectors.Source. It holds the entries of one folder a level in
// memory. A folder whose pages do not add up to what the server announces ends the
// listing: nothing may be concluded from it.
func (p *place) List(ctx context.Context, prefix string) iter.Seq2[connectors.Entry, error] {
	return func(yield func(connectors.Entry, error) bool) {
		w := walk{ctx: ctx, place: p, yield: yield}
		if err := w.start(prefix); err != nil && !errors.Is(err, errStopped) {
			yield(connectors.Entry{}, err)
		}
	}
}

// errStopped ends a walk whose consumer wants no more.
var errStopped = errors.New("stopped")

type walk struct {
	ctx   context.Context
	place *place
	yield func(connectors.Entry, error) bool
}

func (w *walk) start(prefix string) error {
	p := w.place
	if p.node == nil {
		return noNode("list", p.url)
	}
	if err := p.usable("list", prefix); err != nil {
		return err
	}
	abs := p.root
	if prefix != "" {
		clean, err := promise.CleanPath(prefix)
		if err != nil {
			return err
		}
		abs = p.abs(clean)
	}
	item, err := p.node.Stat(w.ctx, abs)
	switch {
	case connectors.KindOf(err) == connectors.KindNotFound && prefix != "":
		_, err := p.node.Stat(w.ctx, p.root) // nothing below a root that is not there proves nothing
		return err
	case err != nil:
		return err
	case item.Folder():
		return w.folder(abs, 0)
	default:
		return w.file(prefix, item)
	}
}

func (w *walk) file(path string, i node.Item) error {
	if i.Type != "file" {
		connectors.PassOver(w.ctx, path, fmt.Errorf("it is no file (%s)", i.Type))
		return nil
	}
	if i.Partial {
		connectors.PassOver(w.ctx, path, errors.New("it is still arriving"))
		return nil
	}
	if !w.yield(entryOf(path, i), nil) {
		return errStopped
	}
	return nil
}

func (w *walk) folder(abs string, depth int) error {
	if depth > maxDepth {
		return incomplete(abs, "more than %d folders are inside of each other: it is a loop", maxDepth)
	}
	items, err := w.items(abs)
	if err != nil {
		return err
	}
	slices.SortFunc(items, func(a, b node.Item) int { return strings.Compare(order(a), order(b)) })
	for _, item := range items {
		if err := w.ctx.Err(); err != nil {
			return promise.Ended("list", abs, err)
		}
		if err := w.entry(item, depth); err != nil {
			return err
		}
	}
	return nil
}

// order puts a folder where the paths below it belong.
func order(i node.Item) string {
	if i.Folder() {
		return i.Path + "/"
	}
	return i.Path
}

func (w *walk) entry(i node.Item, depth int) error {
	rel, inside := w.place.rel(i.Path)
	if rel == promise.Folder {
		return nil
	}
	if !inside {
		return incomplete(i.Path, "the server lists what is not below %s", w.place.root)
	}
	_, err := promise.CleanPath(rel)
	if err == nil {
		err = carried(rel)
	}
	if err != nil {
		connectors.PassOver(w.ctx, rel, err)
		return nil
	}
	if !i.Folder() {
		return w.file(rel, i)
	}
	err = w.folder(i.Path, depth+1)
	if connectors.KindOf(err) == connectors.KindNotFound {
		return w.gone(i, err)
	}
	return err
}

// gone believes that a folder has gone only if it is not listed any more: NotFound
// may be a guess from a server's words.
func (w *walk) gone(folder node.Item, lost error) error {
	items, err := w.items(path.Dir(folder.Path))
	if err == nil && slices.ContainsFunc(items, func(i node.Item) bool { return i.Path == folder.Path }) {
		err = incomplete(folder.Path, "it is listed, and cannot be: %w", lost)
	}
	return err
}

// items reads all pages of a folder, and believes them only if they add up.
func (w *walk) items(abs string) ([]node.Item, error) {
	var items []node.Item
	seen := map[string]bool{}
	for total := 1; len(items) < total; {
		page, err := w.place.node.Browse(w.ctx, abs, len(items), pageSize)
		switch {
		case err != nil:
			return nil, err
		case len(items) > 0 && page.Total != total:
			return nil, incomplete(abs, "it had %d entries at first, and %d a page later", total, page.Total)
		case len(page.Items) == 0 && page.Total > len(items):
			return nil, incomplete(abs, "a page is empty after %d of %d entries", len(items), page.Total)
		case page.Total < 0 || page.Total > maxItems || len(items)+len(page.Items) > page.Total:
			return nil, incomplete(abs, "%d entries came, of %d", len(items)+len(page.Items), page.Total)
		}
		total = page.Total
		for _, item := range page.Items {
			if err := direct(abs, item, seen); err != nil {
				return nil, err
			}
			items = append(items, item)
		}
	}
	return items, nil
}

// direct refuses an entry that was there before or is not one of this folder's.
func direct(folder string, i node.Item, seen map[string]bool) error {
	name, ok := strings.CutPrefix(i.Path, strings.TrimSuffix(folder, "/")+"/")
	switch {
	case !ok || name == "" || strings.Contains(name, "/"):
		return incomplete(folder, "the server lists %q in it", i.Path)
	case seen[i.Path]:
		return incomplete(folder, "the server lists %q twice", i.Path)
	}
	seen[i.Path] = true
	return nil
}

func incomplete(path, format string, args ...any) error {
	e := connectors.Errorf(connectors.KindIncomplete, "list", path, format, args...)
	e.Remedy = "list it again; if it stays so, nothing can be concluded from the server's listings"
	return e
}
