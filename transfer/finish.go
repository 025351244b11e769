package transfer

import (
	"errors"
	"sync"

	"gantry/connectors"
)

// Finish says that the growing source of a running job is finished as it is: what
// is there is sent, compared and committed. KindNotFound if no such job follows a
// growing file.
func (e *Engine) Finish(jobID string) error {
	if g := e.growths.get(jobID); g != nil {
		g.end()
		return nil
	}
	return &connectors.Error{
		Kind: connectors.KindNotFound, Op: "finish", Path: jobID, Err: errors.New("no job of this ID follows a growing file here"),
		Remedy: "look at the jobs that run (gantry transfer ls)",
	}
}

// growths are those of running jobs.
type growths struct {
	mu  sync.Mutex
	all map[string]*growth
}

func (s *growths) get(id string) *growth {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.all[id]
}

func (s *growths) add(id string, g *growth) (remove func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.all == nil {
		s.all = map[string]*growth{}
	}
	s.all[id] = g
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.all[id] == g {
			delete(s.all, id)
		}
	}
}
