package local

import (
	"context"
	"errors"
	"io/fs"
	"iter"
	"os"
	"slices"
	"strings"

	"gantry/connectors"
	"gantry/connectors/promise"
)

// List implements connectors.Source. It holds the names of one folder a level in
// memory, and no more. Names that no path may have are passed over.
func (p *place) List(ctx context.Context, prefix string) iter.Seq2[connectors.Entry, error] {
	return func(yield func(connectors.Entry, error) bool) {
		w := walk{ctx: ctx, yield: yield}
		if err := p.list(&w, prefix); err != nil && err != errStopped {
			yield(connectors.Entry{}, fail("list", prefix, err))
		}
	}
}

// errStopped ends a walk whose consumer wants no more.
var errStopped = errors.New("stopped")

func (p *place) list(w *walk, prefix string) error {
	if prefix != "" {
		var err error
		if prefix, err = promise.CleanPath(prefix); err != nil {
			return err
		}
	}
	if err := w.ctx.Err(); err != nil {
		return err
	}
	root, err := p.openRoot("list", prefix)
	if err != nil {
		return err
	}
	defer root.Close()
	if err := p.identity.whole(prefix); err != nil {
		return err
	}
	w.top = root
	if err := w.from(root, prefix); err != nil {
		return err
	}
	return p.stillThere(root, prefix)
}

// stillThere says after a listing whether it was one of the root and of all the
// volumes below it.
func (p *place) stillThere(listed *os.Root, prefix string) error {
	now, err := p.openRoot("list", prefix)
	if err != nil {
		return incomplete(prefix, err)
	}
	defer now.Close()
	before, errBefore := listed.Stat(".")
	after, errAfter := now.Stat(".")
	if err := errors.Join(errBefore, errAfter); err != nil {
		return incomplete(prefix, err)
	}
	if !os.SameFile(before, after) {
		return incomplete(prefix, errExchanged)
	}
	return p.identity.whole(prefix)
}

func incomplete(prefix string, err error) error {
	return &connectors.Error{Kind: connectors.KindIncomplete, Op: "list", Path: prefix, Err: err, Remedy: "list again when the volume is there"}
}

// from lists the folder, or the file, at prefix.
func (w *walk) from(root *os.Root, prefix string) error {
	if prefix == "" {
		return w.folder(root, "")
	}
	info, err := root.Stat(prefix)
	switch {
	case err != nil && kindOf(err) == connectors.KindNotFound:
		return nil
	case err != nil:
		return err
	case !info.IsDir():
		return w.file(prefix, info)
	}
	return w.below(root, prefix, prefix)
}

type walk struct {
	ctx   context.Context
	top   *os.Root
	yield func(connectors.Entry, error) bool
}

func (w *walk) file(path string, info fs.FileInfo) error {
	if !info.Mode().IsRegular() {
		connectors.PassOver(w.ctx, path, notAFile(info.Mode()))
		return nil
	}
	if !w.yield(entryOf(path, info), nil) {
		return errStopped
	}
	return nil
}

// below lists the folder called name in dir, whose path is path.
func (w *walk) below(dir *os.Root, name, path string) error {
	sub, err := dir.OpenRoot(name)
	if err != nil {
		return err
	}
	defer sub.Close()
	return w.folder(sub, path+"/")
}

// folder lists dir, the paths below which begin with prefix.
func (w *walk) folder(dir *os.Root, prefix string) error {
	names, err := names(dir)
	if err != nil {
		return err
	}
	for _, name := range names {
		if err := w.ctx.Err(); err != nil {
			return err
		}
		if err := w.name(dir, prefix, name); err != nil && !errors.Is(err, fs.ErrNotExist) { // it may have gone meanwhile
			return err
		}
	}
	return nil
}

func (w *walk) name(dir *os.Root, prefix, name string) error {
	bare, isFolder := strings.CutSuffix(name, "/")
	path := prefix + bare
	if bare == promise.Folder && isFolder {
		return nil // ours
	}
	if _, err := promise.CleanPath(path); err != nil {
		connectors.PassOver(w.ctx, path, err)
		return nil
	}
	if isFolder {
		return w.below(dir, bare, path)
	}
	info, err := dir.Lstat(bare)
	if err == nil && info.Mode()&fs.ModeSymlink != 0 {
		if info, err = w.top.Stat(path); err != nil { // not of dir: it may lead to another folder of the root
			reason := brokenLink(err)
			if reason == nil {
				return err
			}
			connectors.PassOver(w.ctx, path, reason)
			return nil
		}
	}
	if err != nil {
		return err
	}
	return w.file(path, info)
}

// names lists dir with folders marked by a slash, in the order that the paths
// below them have.
func names(dir *os.Root) ([]string, error) {
	f, err := dir.Open(".")
	if err != nil {
		return nil, err
	}
	defer f.Close()
	entries, err := f.ReadDir(-1)
	if err != nil {
		return nil, err
	}
	names := make([]string, len(entries))
	for i, entry := range entries {
		names[i] = entry.Name()
		if entry.IsDir() {
			names[i] += "/"
		}
	}
	slices.Sort(names)
	return names, nil
}
