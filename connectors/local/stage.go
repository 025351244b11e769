package local

import (
	"os"
	"sync/atomic"

	"gantry/connectors/promise"
)

// A stage is the folder of uploads, open. It is closed when its grip has left it and
// nobody uses it any more, and not before: its number may be another folder's by then.
type stage struct {
	dir   *os.File
	users atomic.Int32 // the grip is one of them, until it leaves it
}

// done gives up a hold on a stage, which may be nil.
func (s *stage) done() {
	if s != nil && s.users.Add(-1) == 0 {
		_ = s.dir.Close()
	}
}

// staging is the folder of uploads, which has to be given up with done; nil if there is none.
func (g *grip) staging() *stage {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.stage == nil {
		info, err := g.root.Lstat(promise.Folder)
		if err != nil || !info.IsDir() {
			return nil
		}
		dir, err := g.root.Open(promise.Folder)
		if err != nil {
			return nil
		}
		g.stage = &stage{dir: dir}
		g.stage.users.Add(1)
	}
	g.stage.users.Add(1)
	return g.stage
}

// unstage leaves a folder of uploads that is not at its place any more.
func (g *grip) unstage() {
	g.mu.Lock()
	left := g.stage
	g.stage = nil
	g.mu.Unlock()
	left.done()
}
