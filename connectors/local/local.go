// Package local is the connector to folders that the operating system has
// mounted: disks, memory cards, network shares.
//
// An upload is one file in the folder [promise.Folder] below the location's root.
// It is allocated at Begin, written at the parts' offsets, and synced to the disk
// part by part, so that accepted parts outlive this process and a power cut as
// far as the disk keeps its word. Commit checks the length, sets the time, syncs
// the file, renames it to its path in one step, and syncs the folder.
//
// No access leaves the root, also if somebody puts a link in the way ([os.Root]).
// The root is opened anew by each call, so that a volume may be mounted and
// unmounted while the place is open. Links to files inside the root read as
// files; links to folders, links that lead out, FIFOs, sockets and devices are
// passed over by listings, and are not found by the other calls.
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
	"strconv"

	"gantry/connectors"
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
		Options: []connectors.Option{{
			Name:    "create",
			Help:    "make the root folder when the first file is written; set it to false for a volume that may not be mounted",
			Default: "true", Example: "false",
		}},
	}
}

// place is stateless apart from being closed, so that it needs no lock.
type place struct {
	root   string // absolute
	create bool
	closed context.Context
	close  context.CancelFunc
}

var (
	_ connectors.Place   = (*place)(nil)
	_ connectors.Renamer = (*place)(nil)
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
	create, err := strconv.ParseBool(c.Option(l, "create"))
	if err != nil {
		return nil, &connectors.Error{
			Kind: connectors.KindInvalid, Op: "open", Path: l.URL,
			Err: errors.New(`the option "create" is neither true nor false`), Remedy: "write true or false",
		}
	}
	if err := ctx.Err(); err != nil {
		return nil, fail("open", l.URL, err)
	}
	p := &place{root: root, create: create}
	p.closed, p.close = context.WithCancel(context.Background())
	if _, err := os.Stat(root); !create || !errors.Is(err, os.ErrNotExist) {
		r, err := p.openRoot("open", root)
		if err != nil {
			return nil, err
		}
		return p, r.Close()
	}
	return p, nil
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
		return nil, &connectors.Error{
			Kind: connectors.KindNotFound, Op: op, Path: path, Err: err,
			Remedy: "make the folder " + p.root + ", or mount its volume",
		}
	case err != nil:
		if info, failed := os.Stat(p.root); failed == nil && !info.IsDir() {
			return nil, connectors.Errorf(connectors.KindInvalid, op, path, "the location's root is no folder: %w", err)
		}
		return nil, fail(op, path, err)
	}
	return root, nil
}
