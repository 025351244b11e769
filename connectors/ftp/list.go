package ftp

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"path"
	"slices"
	"strings"

	"gantry/connectors"
	"gantry/connectors/ftp/listing"
	"gantry/connectors/promise"
)

// List implements connectors.Source. It holds the entries of one folder a level
// in memory, and no more.
func (p *place) List(ctx context.Context, prefix string) iter.Seq2[connectors.Entry, error] {
	return func(yield func(connectors.Entry, error) bool) {
		w := walk{ctx: ctx, place: p, yield: yield}
		if err := w.start(prefix); err != nil && !errors.Is(err, errStopped) {
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
	above []string // what the folders above are known by, where the server tells
	depth int
}

func (w *walk) start(prefix string) error {
	if w.place.dropBox {
		return connectors.Errorf(connectors.KindUnsupported, "list", prefix, "a drop box does not show what is in it (option dropBox)")
	}
	if prefix == "" {
		return missing("list", w.place.url, w.folder("", ""))
	}
	prefix, err := w.place.clean(prefix)
	if err != nil {
		return err
	}
	info, err := ask(w.ctx, w.place, "list", prefix, func(s *session) (listing.Entry, error) { return w.place.kind(s, prefix) })
	switch {
	case connectors.KindOf(err) == connectors.KindNotFound:
		return w.place.do(w.ctx, "list", prefix, func(s *session) error { // nothing below a root that is not there proves nothing
			return missing("list", w.place.url, s.enter(""))
		})
	case err != nil:
		return err
	case info.Kind == listing.Folder:
		return w.folder(prefix, info.Unique)
	case info.Kind == listing.File && !w.yield(entryOf(prefix, info), nil):
		return errStopped
	}
	return nil
}

// kind tells what is at a path, folders among it on servers without MLST.
func (p *place) kind(s *session, path string) (listing.Entry, error) {
	info, err := p.stat(s, path)
	err = missing("list", path, err)
	if connectors.KindOf(err) == connectors.KindNotFound && !p.asksMLST(s) {
		_, entered := s.control.must("CWD %s", s.abs(path))
		if entered == nil {
			return listing.Entry{Kind: listing.Folder, Size: -1}, nil
		}
		if codeOf(entered) == 0 {
			return info, entered
		}
	}
	return info, err
}

func (w *walk) folder(dir, unique string) error {
	if w.depth > maxDepth {
		return cut("list", dir, "folders lie in folders more than %d deep", maxDepth)
	}
	found, err := ask(w.ctx, w.place, "list", dir, func(s *session) (contents, error) { return w.read(s, dir) })
	if err != nil {
		return err
	}
	for _, bad := range found.bad {
		connectors.PassOver(w.ctx, path.Join(dir, bad.Name), bad)
	}
	for _, name := range found.twice {
		connectors.PassOver(w.ctx, path.Join(dir, name), errors.New("the server lists it twice"))
	}
	w.depth++
	w.above = append(w.above, unique)
	for some := range slices.Chunk(found.entries, 16*maxPipelined) {
		if err := w.refine(dir, some, found.exact); err != nil {
			return err
		}
		if err := w.entries(dir, some); err != nil {
			return err
		}
	}
	w.depth--
	w.above = w.above[:len(w.above)-1]
	return found.doubt
}

func (w *walk) entries(dir string, entries []listing.Entry) error {
	for _, e := range entries {
		if err := w.ctx.Err(); err != nil {
			return err
		}
		if err := w.entry(dir, e); err != nil {
			return err
		}
	}
	return nil
}

// read lists a folder, each name once.
func (w *walk) read(s *session, dir string) (contents, error) {
	found, err := w.place.folder(s, dir)
	if err == nil {
		err = w.place.join(s, dir, &found)
	}
	slices.SortStableFunc(found.entries, func(a, b listing.Entry) int { return strings.Compare(order(a), order(b)) })
	found.entries = slices.CompactFunc(found.entries, func(a, b listing.Entry) bool {
		if a.Name == b.Name {
			found.twice = append(found.twice, b.Name)
		}
		return a.Name == b.Name
	})
	return found, err
}

// refine makes times as exact as Stat's, and finds out what only looks like a file.
func (w *walk) refine(dir string, entries []listing.Entry, exact bool) error {
	if exact && !w.place.runs(proFTPD) {
		return nil
	}
	return w.place.do(w.ctx, "list", dir, func(s *session) error {
		if exact {
			return s.doubtEmpty(dir, entries)
		}
		if !s.facts.has("MDTM") {
			return nil
		}
		return s.exactTimes(dir, entries)
	})
}

// order puts a folder where the paths below it belong.
func order(e listing.Entry) string {
	if e.Kind == listing.Folder {
		return e.Name + "/"
	}
	return e.Name
}

func (w *walk) entry(dir string, e listing.Entry) error {
	full := e.Name
	if dir != "" {
		full = dir + "/" + full
	}
	if e.Name == promise.Folder && e.Kind == listing.Folder {
		return nil
	}
	if _, err := w.place.clean(full); err != nil {
		connectors.PassOver(w.ctx, full, err)
		return nil
	}
	switch e.Kind {
	case listing.Folder:
		if e.Unique != "" && slices.Contains(w.above, e.Unique) {
			connectors.PassOver(w.ctx, full, errors.New("it is a folder that it lies in itself"))
			return nil
		}
		return w.below(full, e.Unique)
	case listing.Link:
		return w.link(dir, full, e)
	case listing.File:
		if e.Size < 0 {
			return w.again(full)
		}
		if !w.yield(entryOf(full, e), nil) {
			return errStopped
		}
	default:
		connectors.PassOver(w.ctx, full, errors.New("it is no file"))
	}
	return nil
}

// below lists a folder that its own folder has listed. One that the server says is
// gone is; a refusal that does not say why may hide files.
func (w *walk) below(dir, unique string) error {
	err := w.folder(dir, unique)
	switch kind := connectors.KindOf(err); {
	case kind == connectors.KindNotFound:
		return nil
	case kind == connectors.KindOther && !errors.Is(err, errStopped):
		return cut("list", dir, "it is listed and cannot be looked into: %w", errors.Unwrap(err))
	default:
		return err
	}
}

// link lists a link like the file that it leads to, if the server says where, and
// that is below the root. Links to folders are not followed.
func (w *walk) link(dir, full string, e listing.Entry) error {
	target := e.Target
	if target != "" && !strings.HasPrefix(target, "/") {
		target = path.Join("/", w.place.root, dir) + "/" + target
	}
	root := strings.TrimSuffix(path.Join("/", w.place.root), "/") + "/"
	if target == "" || !strings.HasPrefix(path.Clean(target), root) || outside(dir, e.Target) {
		connectors.PassOver(w.ctx, full, fmt.Errorf("it is a link that may lead out of the root: %.200q", e.Target))
		return nil
	}
	return w.again(full)
}

// outside tells whether a relative target climbs out of the root.
func outside(dir, target string) bool {
	joined := path.Join(dir, target)
	return !strings.HasPrefix(target, "/") && (joined == ".." || strings.HasPrefix(joined, "../"))
}

// again asks for a single path that the listing does not describe.
func (w *walk) again(full string) error {
	entry, err := w.place.Stat(w.ctx, full)
	switch {
	case err == nil && !w.yield(entry, nil):
		return errStopped
	case err == nil:
		return nil
	case connectors.KindOf(err) == connectors.KindNotFound:
		connectors.PassOver(w.ctx, full, err)
		return nil
	default:
		return err
	}
}
