package local

import (
	"errors"
	"os"
	"strconv"
	"sync"

	"gantry/connectors"
	"gantry/connectors/promise"
)

// grips hold the root open as long as files below it are: with many small files, opening
// it anew would be half the work of each. That each call may trust it is seen by the
// root's path, which has to lead to the same folder still: no other folder gets the
// numbers of one that is open. Nor is a volume kept from being unmounted any longer than
// by its open files.
type grips struct {
	mu  sync.Mutex
	now *grip
}

// A grip is a root that is open, with what is held open below it.
type grip struct {
	of   *grips // nil if nobody shares it
	root *os.Root
	id   folderID

	users int // guarded by of.mu
	once  sync.Once
	dir   *os.File // the root's folder; nil if it cannot be had
	mu    sync.Mutex
	stage *os.File // the folder of uploads; nil as long as there is none
}

// grasp gives the root, open and admitted. It has to be let go.
func (p *place) grasp(op, path string) (*grip, error) {
	if g := p.grips.take(); g != nil {
		if info, err := os.Stat(p.root); err == nil && identify(info) == g.id && p.closed.Err() == nil && p.marked(g.root, op, path) == nil {
			return g, nil
		}
		g.letGo()
	}
	root, err := p.openRoot(op, path)
	if err != nil {
		return nil, err
	}
	g := &grip{root: root, users: 1}
	if info, err := root.Stat("."); err == nil {
		g.id = identify(info)
	}
	if g.id != (folderID{}) {
		p.grips.share(g)
	}
	return g, nil
}

// take gives the grip that others have; nil if there is none.
func (s *grips) take() *grip {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.now != nil {
		s.now.users++
	}
	return s.now
}

func (s *grips) share(g *grip) {
	s.mu.Lock()
	defer s.mu.Unlock()
	g.of, s.now = s, g
}

// more gives another hold on a grip that is held.
func (g *grip) more() *grip {
	if g.of == nil {
		return nil
	}
	g.of.mu.Lock()
	defer g.of.mu.Unlock()
	g.users++
	return g
}

// letGo closes a grip, which may be nil, when nobody else holds it.
func (g *grip) letGo() {
	if g == nil {
		return
	}
	if g.of != nil {
		g.of.mu.Lock()
		defer g.of.mu.Unlock()
		if g.users--; g.users > 0 {
			return
		}
		if g.of.now == g {
			g.of.now = nil
		}
	}
	for _, f := range []*os.File{g.dir, g.stage} {
		if f != nil {
			_ = f.Close()
		}
	}
	_ = g.root.Close()
}

// folder is the root's folder; nil if it cannot be had.
func (g *grip) folder() *os.File {
	g.once.Do(func() { g.dir, _ = g.root.Open(".") })
	return g.dir
}

// staging is the folder of uploads; nil if there is none.
func (g *grip) staging() *os.File {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.stage == nil {
		if info, err := g.root.Lstat(promise.Folder); err == nil && info.IsDir() {
			g.stage, _ = g.root.Open(promise.Folder)
		}
	}
	return g.stage
}

// unstage forgets a folder of uploads that is not at its place any more. Somebody may be
// using its handle, which is closed when it is collected.
func (g *grip) unstage() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.stage = nil
}

// marked refuses a root without the marker that is asked for.
func (p *place) marked(root *os.Root, op, path string) error {
	if p.set.marker == "" {
		return nil
	}
	_, err := root.Lstat(p.set.marker)
	if kindOf(err) == connectors.KindNotFound {
		return &connectors.Error{
			Kind: connectors.KindUnavailable, Op: op, Path: path, Err: errors.New("the marker " + strconv.Quote(p.set.marker) + " is not there"),
			Remedy: "mount the volume of " + p.root + ", or make the marker if this is the right one",
		}
	}
	return fail(op, path, err)
}
