// Package local is the connector to folders that the operating system has
// mounted: disks, memory cards, network shares.
//
// An upload is one file in the folder [promise.Folder] below the location's root.
// It is allocated at Begin, written at the parts' offsets, and synced to the disk
// part by part, so that accepted parts outlive this process and a power cut as
// far as the disk keeps its word; a file of up to 1 MiB that is one part is synced
// by Commit alone. Commit checks the length, sets the time, syncs
// the file, renames it to its path in one step, and syncs the folder. Runs of
// zeros become holes, and holes are read without asking the disk.
//
// No access leaves the root, also if somebody puts a link in the way ([os.Root]).
// Links to files inside the root read as files; links to folders, links that lead
// out, FIFOs, sockets and devices are passed over by listings, and are not found
// by the other calls.
//
// The root is opened anew by each call, unless a file below it is open. A volume may be mounted over it while the
// place is open; one that is unmounted or exchanged makes every call fail with
// KindUnavailable until it is back, and one that is missing below the root makes
// listings fail with KindIncomplete: an empty mount point is no empty place.
//
// On a file system that folds names, an upload to a name that differs from an
// existing one only by its case or Unicode form is refused with KindExists.
//
// A system call in progress cannot be cancelled: on a share that hangs, a call
// may outlast its context.
package local

import (
	"context"
	"errors"
	"net/url"
	"os"
	"path/filepath"
	"sync/atomic"

	"gantry/connectors"
	"gantry/connectors/promise"
)

// Connector describes the protocol for the list of all connectors.
func Connector() connectors.Connector {
	c := describe()
	c.Open = open
	return c
}

func describe() connectors.Connector {
	return connectors.Connector{
		Name:    "local",
		Schemes: []string{"file"},
		Summary: "folders that the operating system has mounted: file:///absolute/path",
		Options: options(),
	}
}

// place is a folder. What it knows beside its settings was found out on the way.
type place struct {
	root     string // absolute
	set      settings
	identity identity
	facts    facts
	syncs    syncs
	grips    grips
	holding  atomic.Int32 // files of small uploads that are open
	closed   context.Context
	close    context.CancelFunc
}

var (
	_ connectors.Place     = (*place)(nil)
	_ connectors.Renamer   = (*place)(nil)
	_ connectors.Taker     = (*place)(nil)
	_ connectors.Copier    = (*place)(nil)
	_ connectors.Sweeper   = (*place)(nil)
	_ connectors.OnDisk    = (*place)(nil)
	_ connectors.Describer = (*place)(nil)
	_ connectors.Pinner    = (*place)(nil)
)

func open(ctx context.Context, l connectors.Location) (connectors.Place, error) {
	c := describe()
	if err := c.Check(l); err != nil {
		return nil, err
	}
	root, err := rootOf(l.URL)
	if err != nil {
		return nil, err
	}
	set, err := read(c, l)
	if err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, fail("open", l.URL, err)
	}
	p := &place{root: root, set: set, identity: identity{path: root, free: set.marker != ""}}
	p.closed, p.close = context.WithCancel(context.Background())
	if err := p.firstSight(); err != nil {
		return nil, err
	}
	if set.xattrs {
		return &tagged{p}, nil
	}
	return p, nil
}

// firstSight finds out what can be found out at once. A root that is to be made
// need not be there.
func (p *place) firstSight() error {
	if _, err := os.Stat(p.root); p.set.create && errors.Is(err, os.ErrNotExist) {
		return nil
	}
	root, err := p.openRoot("open", p.root)
	if err != nil {
		return err
	}
	if p.facts.see(p.root, root) && p.set.marker == "" && root.Mkdir(promise.Folder, 0o777) == nil {
		p.facts.learn(p.root, root, promise.StagedPath(promise.NewID("")))
		_ = root.Remove(promise.Folder) // stays if somebody has begun an upload meanwhile
	}
	return root.Close()
}

func rootOf(location string) (string, error) {
	u, err := url.Parse(location)
	if err != nil {
		return "", connectors.Errorf(connectors.KindInvalid, "open", location, "its URL does not parse: %w", err)
	}
	if u.Scheme != "file" || u.Opaque != "" || (u.Host != "" && u.Host != "localhost") || !filepath.IsAbs(u.Path) || u.RawQuery != "" || u.ForceQuery || u.Fragment != "" {
		return "", &connectors.Error{
			Kind: connectors.KindInvalid, Op: "open", Path: location, Err: errors.New("it is not the URL of an absolute path on this machine"),
			Remedy: "write file:///absolute/path, with ? as %3F and # as %23",
		}
	}
	return filepath.Clean(u.Path), nil
}

// openRoot opens the folder that all paths of a call are below.
func (p *place) openRoot(op, path string) (*os.Root, error) {
	if p.closed.Err() != nil {
		return nil, connectors.Errorf(connectors.KindOther, op, path, "the place was closed")
	}
	root, err := os.OpenRoot(p.root)
	switch {
	case errors.Is(err, os.ErrNotExist):
		kind := connectors.KindNotFound
		if p.set.marker != "" || p.identity.mayMake() != nil {
			kind = connectors.KindUnavailable
		}
		return nil, &connectors.Error{Kind: kind, Op: op, Path: path, Err: err, Remedy: "make the folder " + p.root + ", or mount its volume"}
	case err != nil:
		if info, failed := os.Stat(p.root); failed == nil && !info.IsDir() {
			return nil, connectors.Errorf(connectors.KindInvalid, op, path, "the location's root is no folder: %w", err)
		}
		return nil, fail(op, path, err)
	}
	if err := p.admit(root, op, path); err != nil {
		_ = root.Close()
		return nil, err
	}
	return root, nil
}

// admit refuses a root that is not the one that is meant.
func (p *place) admit(root *os.Root, op, path string) error {
	if err := p.marked(root, op, path); err != nil {
		return err
	}
	return p.identity.admit(root, op, path)
}
