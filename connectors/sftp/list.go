package sftp

import (
	"context"
	"errors"
	"io/fs"
	"iter"
	"path"
	"slices"
	"strings"
	"sync"

	"gantry/connectors"
	"gantry/connectors/promise"
	"gantry/connectors/sftp/wire"
)

// List implements connectors.Source. It holds the entries of one folder a level
// in memory, and no more. Names that no path may have, and what is no file, are
// passed over with a reason.
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
	if w.place.dropBox {
		return connectors.Errorf(connectors.KindUnsupported, "list", prefix, "a drop box does not show what is in it (option dropBox)")
	}
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
	case info.Mode.IsDir():
		return w.folder(prefix)
	default:
		return w.file(prefix, info)
	}
}

// info follows links.
func (w *walk) info(path string) (wire.Attrs, error) {
	return ask(w.ctx, w.place, "list", path, func(ctx context.Context, c *conn) (wire.Attrs, error) { return c.stat(ctx, path) })
}

var (
	errNoFile  = errors.New("it is no file but a pipe, a socket or a device")
	errOutside = errors.New("it is a link that leads out of the root")
	errDeadEnd = errors.New("it is a link to nothing, or to no file")
)

func (w *walk) file(path string, info wire.Attrs) error {
	if !info.Mode.IsRegular() {
		connectors.PassOver(w.ctx, path, errNoFile)
		return nil
	}
	if info.Size < 0 || info.ModTime.IsZero() { // some servers list names alone
		var err error
		if info, err = w.info(path); err != nil {
			if connectors.KindOf(err) == connectors.KindNotFound {
				return nil // it has gone meanwhile
			}
			return err
		}
	}
	entry, err := entryOf(path, info)
	if err != nil {
		return err
	}
	if !w.yield(entry, nil) {
		return errStopped
	}
	return nil
}

func (w *walk) folder(dir string) error {
	entries, err := ask(w.ctx, w.place, "list", dir, func(ctx context.Context, c *conn) ([]wire.Name, error) {
		list, err := c.readFolder(ctx, dir)
		return list, c.explain(ctx, dir, err)
	})
	if err != nil {
		return err
	}
	slices.SortFunc(entries, func(a, b wire.Name) int { return strings.Compare(order(a), order(b)) })
	for i := range entries {
		if err := w.ctx.Err(); err != nil {
			return err
		}
		if err := w.entry(dir, entries[i]); err != nil {
			return err
		}
	}
	return nil
}

// order puts a folder where the paths below it belong.
func order(n wire.Name) string {
	if n.Mode.IsDir() {
		return n.Name + "/"
	}
	return n.Name
}

func (w *walk) entry(dir string, n wire.Name) error {
	name := path.Join(dir, n.Name)
	if strings.Contains(n.Name, "/") {
		name = n.Name // joined it might look harmless
	}
	if n.Name == promise.Folder && n.Mode.IsDir() {
		return nil // uploads that are not finished are no strangers
	}
	if err := checkName(dir, n.Name); err != nil {
		connectors.PassOver(w.ctx, name, err)
		return nil
	}
	switch {
	case n.Mode.IsDir():
		err := w.folder(name)
		if connectors.KindOf(err) == connectors.KindNotFound {
			return nil // it has gone meanwhile
		}
		return err
	case n.Mode&fs.ModeSymlink != 0:
		return w.link(name)
	default:
		return w.file(name, n.Attrs)
	}
}

// checkName refuses a name that could not be used as a path again.
func checkName(dir, name string) error {
	if name == "" || strings.Contains(name, "/") {
		return connectors.Errorf(connectors.KindInvalid, "list", name, "the server sent a name that no file can have")
	}
	_, err := promise.CleanPath(path.Join(dir, name))
	return err
}

// link lists a link to a file below the root like the file.
func (w *walk) link(path string) error {
	inside, err := ask(w.ctx, w.place, "list", path, func(ctx context.Context, c *conn) (bool, error) {
		real, err := c.RealPath(ctx, c.abs(path))
		return strings.HasPrefix(real, strings.TrimSuffix(c.root, "/")+"/"), err
	})
	if err == nil && !inside {
		connectors.PassOver(w.ctx, path, errOutside)
		return nil
	}
	if err == nil {
		var info wire.Attrs
		if info, err = w.info(path); err == nil && info.Mode.IsRegular() {
			return w.file(path, info)
		}
	}
	if connectors.Retryable(err) || connectors.KindOf(err) == connectors.KindCanceled {
		return err
	}
	connectors.PassOver(w.ctx, path, errDeadEnd)
	return nil
}

// inListing is how many requests of a listing are under way at once.
const inListing = 8

// readFolder gives the entries of a folder, in any order.
func (c *conn) readFolder(ctx context.Context, dir string) ([]wire.Name, error) {
	h, err := c.OpenFolder(ctx, c.abs(dir))
	if err != nil {
		return nil, err
	}
	defer giveBack(c, h)
	r, err := readAll(ctx, c, h)
	if !refused(err) || r.alone {
		return r.entries, err
	}
	// Perhaps the server does not like to be asked for more than one answer at once.
	again, err := c.OpenFolder(ctx, c.abs(dir))
	if err != nil {
		return nil, err
	}
	defer giveBack(c, again)
	r = &reading{alone: true}
	for !r.over {
		r.some(ctx, c, again)
	}
	return r.entries, r.err
}

func readAll(ctx context.Context, c *conn, h wire.Handle) (*reading, error) {
	r := &reading{alone: true}
	// Most folders end with the second answer.
	if r.some(ctx, c, h); r.over {
		return r, r.err
	}
	if r.some(ctx, c, h); r.over {
		return r, r.err
	}
	r.alone = false
	var group sync.WaitGroup
	for range inListing {
		group.Go(func() {
			for r.goesOn() {
				r.some(ctx, c, h)
			}
		})
	}
	group.Wait()
	return r, r.err
}

// A reading is a folder that is being listed by several requests at once.
type reading struct {
	alone bool // never more than one request was under way

	mu      sync.Mutex
	entries []wire.Name
	empty   int
	over    bool
	ended   bool
	err     error // before the end
}

func (r *reading) goesOn() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return !r.over
}

// some takes one answer in. What goes wrong behind the end of the folder is of no
// account.
func (r *reading) some(ctx context.Context, c *conn, h wire.Handle) {
	names, err := c.ReadFolder(ctx, h)
	r.mu.Lock()
	defer r.mu.Unlock()
	if err == nil && len(names) == 0 {
		const most = 8
		if r.empty++; r.empty > most {
			err = connectors.Errorf(connectors.KindIncomplete, "list", "", "the server sends empty answers and does not say that the folder ends")
		}
	}
	switch {
	case wire.IsEnd(err):
		r.over, r.ended = true, true
	case err != nil && !r.ended:
		r.over, r.err = true, err
	}
	for _, n := range names {
		if n.Name != "." && n.Name != ".." {
			r.entries = append(r.entries, n)
		}
	}
}
