package local

import (
	"errors"
	"os"
	"strconv"
	"sync"

	"gantry/connectors"
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
	stage *stage // nil as long as there is none; guarded by mu
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
	if g == nil || !g.left() {
		return
	}
	if g.dir != nil {
		_ = g.dir.Close()
	}
	g.unstage()
	_ = g.root.Close()
}

// left takes one user away, and tells whether that was the last one. What is closed then
// is closed without the lock: on a network volume it may hang.
func (g *grip) left() bool {
	if g.of == nil {
		return true
	}
	g.of.mu.Lock()
	defer g.of.mu.Unlock()
	if g.users--; g.users > 0 {
		return false
	}
	if g.of.now == g {
		g.of.now = nil
	}
	return true
}

// folder is the root's folder; nil if it cannot be had.
func (g *grip) folder() *os.File {
	g.once.Do(func() { g.dir, _ = g.root.Open(".") })
	return g.dir
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
