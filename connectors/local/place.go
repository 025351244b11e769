package local

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"strings"

	"golang.org/x/text/unicode/norm"

	"gantry/connectors"
	"gantry/connectors/promise"
)

// Close implements connectors.Place.
func (p *place) Close() error {
	p.close()
	root, err := os.OpenRoot(p.root)
	if err != nil {
		return nil // without a root there is nothing to tidy
	}
	defer root.Close()
	_ = root.Remove(promise.Folder) // stays as long as it holds uploads
	return nil
}

// within runs a call on a clean path inside the root.
func (p *place) within(ctx context.Context, op, path string, call func(root *os.Root, path string) error) error {
	return p.inGrip(ctx, op, path, func(g *grip, path string) error { return call(g.root, path) })
}

// inGrip is within for a call that may keep the root open.
func (p *place) inGrip(ctx context.Context, op, path string, call func(g *grip, path string) error) error {
	path, err := promise.CleanPath(path)
	if err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return fail(op, path, err)
	}
	g, err := p.grasp(op, path)
	if err != nil {
		return err
	}
	defer g.letGo()
	if err := p.identity.covers(op, path); err != nil {
		return err
	}
	return p.explain(fail(op, path, call(g, path)))
}

// Stat implements connectors.Source and connectors.Sink.
func (p *place) Stat(ctx context.Context, path string) (entry connectors.Entry, err error) {
	err = p.within(ctx, "stat", path, func(root *os.Root, path string) error {
		entry, err = stat(root, path)
		return err
	})
	return entry, err
}

func stat(root *os.Root, path string) (connectors.Entry, error) {
	info, err := root.Stat(path)
	if err != nil {
		return connectors.Entry{}, err
	}
	if err := regular("stat", path, info); err != nil {
		return connectors.Entry{}, err
	}
	return entryOf(path, info), nil
}

func entryOf(path string, info fs.FileInfo) connectors.Entry {
	return connectors.Entry{Path: path, Size: info.Size(), ModTime: info.ModTime().UTC(), Version: version(info)}
}

func regular(op, path string, info fs.FileInfo) error {
	if !info.Mode().IsRegular() {
		return connectors.Errorf(connectors.KindNotFound, op, path, "what is there is no file, but %s", sort(info.Mode()))
	}
	return nil
}

// Remove implements connectors.Sink. A link is removed, not what it leads to.
func (p *place) Remove(ctx context.Context, path string) error {
	return p.within(ctx, "remove", path, func(root *os.Root, path string) error {
		info, err := root.Lstat(path)
		if err != nil {
			return err
		}
		if info.IsDir() {
			return regular("remove", path, info)
		}
		return root.Remove(path)
	})
}

// Rename implements connectors.Renamer.
func (p *place) Rename(ctx context.Context, from, to string) error {
	to, err := promise.CleanPath(to)
	if err != nil {
		return err
	}
	return p.inGrip(ctx, "rename", from, func(g *grip, from string) error {
		root := g.root
		info, err := root.Lstat(from)
		if err != nil {
			return err
		}
		if err := regular("rename", from, info); err != nil {
			return err
		}
		if err := p.refuseTwin(root, "rename", to, 0, info); err != nil {
			return err
		}
		if err := p.publish(g, to, func() error { return root.Rename(from, to) }); err != nil {
			return err
		}
		return p.reallyRenamed(root, from, to)
	})
}

// reallyRenamed finds out whether a file that was to get another spelling of its
// own name has got it: some systems take both for one, and do nothing.
func (p *place) reallyRenamed(root *os.Root, from, to string) error {
	if from == to || !strings.EqualFold(norm.NFC.String(from), norm.NFC.String(to)) {
		return nil
	}
	twin, err := p.twin(root, to, len(to), nil)
	if err != nil || twin == "" {
		return err
	}
	return &connectors.Error{
		Kind: connectors.KindUnsupported, Op: "rename", Path: from, Err: errors.New("the file system takes both names for the same, and keeps the old one"),
		Remedy: "rename it to something else first",
	}
}
