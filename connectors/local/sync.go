package local

import (
	"errors"
	"path"
	"sync"
	"syscall"
)

// folder is the path of the folder that holds path; "." is the root.
func folder(p string) string { return path.Dir(p) }

// syncs are the syncs of folders. Many files that come to a folder at once share
// one: it begins after the names of all of them were made.
type syncs struct {
	mu   sync.Mutex
	dirs map[string]*syncing
}

// A syncing is a folder that somebody wants synced.
type syncing struct {
	users int
	next  *round     // that has not begun; nil = the next to come makes one
	turn  sync.Mutex // held by a sync
}

type round struct {
	over bool
	err  error
}

// folders makes the names in a folder durable, and those of all folders above it
// if some of them are new.
func (s *syncs) folders(g *grip, dir string, all bool) error {
	for {
		if err := s.folder(g, dir); err != nil {
			return err
		}
		if !all || dir == "." {
			return nil
		}
		dir = folder(dir)
	}
}

func (s *syncs) folder(g *grip, dir string) error {
	d, r := s.join(dir)
	defer s.leave(dir, d)
	d.turn.Lock()
	defer d.turn.Unlock()
	if !r.over {
		s.mu.Lock()
		d.next = nil
		s.mu.Unlock()
		r.err, r.over = syncFolder(g, dir), true
	}
	return r.err
}

func (s *syncs) join(dir string) (*syncing, *round) {
	s.mu.Lock()
	defer s.mu.Unlock()
	d := s.dirs[dir]
	if d == nil {
		if s.dirs == nil {
			s.dirs = map[string]*syncing{}
		}
		d = &syncing{}
		s.dirs[dir] = d
	}
	if d.next == nil {
		d.next = &round{}
	}
	d.users++
	return d, d.next
}

func (s *syncs) leave(dir string, d *syncing) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if d.users--; d.users == 0 {
		delete(s.dirs, dir)
	}
}

func syncFolder(g *grip, dir string) error {
	if dir == "." {
		if f := g.folder(); f != nil {
			return ifSupported(f.Sync())
		}
	}
	f, err := g.root.Open(dir)
	if err != nil {
		return err
	}
	defer f.Close()
	return ifSupported(f.Sync())
}

// ifSupported drops the error of a file system that knows no such call.
func ifSupported(err error) error {
	if errors.Is(err, errors.ErrUnsupported) || errors.Is(err, syscall.EINVAL) {
		return nil
	}
	return err
}
