package agent

import (
	"sync"

	"gantry/transfer/agent/wire"
)

// transferred is how far one file of an order is.
type transferred struct {
	file        int // its number in the order
	path, phase string
	done, total int64   // bytes
	rate        float64 // bytes a second
}

// news sums the progress of an order's files up. Its methods may be called at once from many goroutines.
type news struct {
	bell bell
	mu   sync.Mutex
	all  map[int]transferred
	last transferred
}

func newNews() *news { return &news{bell: newBell(), all: map[int]transferred{}} }

func (n *news) put(t transferred) {
	n.mu.Lock()
	n.all[t.file], n.last = t, t
	n.mu.Unlock()
	n.bell.ring()
}

func (n *news) report(agent string, fence int64) wire.ProgressReport {
	n.mu.Lock()
	defer n.mu.Unlock()
	r := wire.ProgressReport{Agent: agent, Fence: fence, File: n.last.path, Phase: n.last.phase}
	for _, t := range n.all {
		r.Done += t.done
		r.Total += t.total
		if t.done < t.total {
			r.Rate += t.rate
		}
	}
	return r
}
