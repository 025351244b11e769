package sftp

import (
	"context"
	"errors"
	"io/fs"
	"iter"
	"slices"
	"strings"

	"gantry/connectors"
	"gantry/connectors/promise"
)

// List implements connectors.Source. It holds the entries of one folder a level
// in memory, and no more. Names that no path may have are passed over.
func (p *place) List(ctx context.Context, prefix string) iter.Seq2[connectors.Entry, error] {
	return func(yield func(connectors.Entry, error) bool) {
		w := walk{ctx: ctx, place: p, yield: yield}
		if err := w.start(prefix); err != nil && err != errStopped {
			yield(connectors.Entry{}, fail("list", prefix, err))
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
	if prefix == "" {
		return w.folder("")
	}
	prefix, err := promise.CleanPath(prefix)
	if err != nil {
		return err
	}
	info, err := w.info(prefix)
	switch {
	case connectors.KindOf(err) == connectors.KindNotFound:
		_, err := w.info(".") // nothing below a root that is not there proves nothing
		return err
	case err != nil:
		return err
	case info.IsDir():
		return w.folder(prefix)
	default:
		return w.file(prefix, info)
	}
}

// info follows links.
func (w *walk) info(path string) (fs.FileInfo, error) {
	return ask(w.ctx, w.place, "list", path, func(c *conn) (fs.FileInfo, error) { return c.Client.Stat(c.abs(path)) }, nil)
}

func (w *walk) file(path string, info fs.FileInfo) error {
	if info.Mode().IsRegular() && !w.yield(entryOf(path, info), nil) {
		return errStopped
	}
	return nil
}

func (w *walk) folder(dir string) error {
	entries, err := ask(w.ctx, w.place, "list", dir, func(c *conn) ([]fs.FileInfo, error) { return c.ReadDirContext(w.ctx, c.abs(dir)) }, nil)
	if err != nil {
		return err
	}
	slices.SortFunc(entries, func(a, b fs.FileInfo) int { return strings.Compare(order(a), order(b)) })
	for _, info := range entries {
		if err := w.ctx.Err(); err != nil {
			return err
		}
		if err := w.entry(dir, info); err != nil {
			return err
		}
	}
	return nil
}

// order puts a folder where the paths below it belong.
func order(info fs.FileInfo) string {
	if info.IsDir() {
		return info.Name() + "/"
	}
	return info.Name()
}

func (w *walk) entry(dir string, info fs.FileInfo) error {
	path := info.Name()
	if dir != "" {
		path = dir + "/" + path
	}
	if _, err := promise.CleanPath(path); err != nil {
		return nil // not ours to name; see List
	}
	switch {
	case info.IsDir():
		err := w.folder(path)
		if connectors.KindOf(err) == connectors.KindNotFound {
			return nil // it has gone meanwhile
		}
		return err
	case info.Mode()&fs.ModeSymlink != 0:
		return w.link(path)
	default:
		return w.file(path, info)
	}
}

// link lists a link to a file below the root like the file.
func (w *walk) link(path string) error {
	inside, err := ask(w.ctx, w.place, "list", path, func(c *conn) (bool, error) {
		real, err := c.RealPath(c.abs(path))
		return strings.HasPrefix(real, strings.TrimSuffix(c.root, "/")+"/"), err
	}, nil)
	if err == nil && inside {
		var info fs.FileInfo
		if info, err = w.info(path); err == nil {
			return w.file(path, info)
		}
	}
	if connectors.Retryable(err) || connectors.KindOf(err) == connectors.KindCanceled {
		return err
	}
	return nil // a link out, or to nothing
}
