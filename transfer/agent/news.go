package agent

import (
	"maps"
	"slices"
	"sync"

	"gantry/transfer"
	"gantry/transfer/agent/wire"
)

// transferred is how far one file of an order is.
type transferred struct {
	file  int // its number in the order
	path  string
	total int64              // bytes
	now   *transfer.Progress // nil before it has begun
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
	r := wire.ProgressReport{Agent: agent, Fence: fence, File: n.last.path, Moving: &wire.Moving{ETA: -1}}
	if n.last.now != nil {
		r.Phase = n.last.now.Phase
	}
	moves := false
	for _, file := range slices.Sorted(maps.Keys(n.all)) {
		t := n.all[file]
		r.Total += t.total
		if t.now == nil {
			continue
		}
		r.Done += t.now.Sent
		add(r.Moving, *t.now)
		if t.now.Phase == transfer.PhaseDone {
			continue
		}
		r.Rate += t.now.Rate
		if moves = moves || t.now.Waiting == ""; r.Waiting == "" {
			r.Waiting = t.now.Waiting
		}
	}
	if moves {
		r.Waiting = "" // of some of its files only
	}
	return r
}

// mostRunning bounds how many files under way the hub is told of one by one.
const mostRunning = 8

func add(m *wire.Moving, p transfer.Progress) {
	m.Resumed += p.Resumed
	m.Parts += p.Parts
	m.PartsTotal += p.PartsTotal
	m.Retries += p.Retries
	m.Resent += p.Resent
	if p.Phase == transfer.PhaseDone {
		return
	}
	m.ETA = max(m.ETA, p.ETA) // they go side by side
	if len(m.Running) < mostRunning {
		m.Running = append(m.Running, p)
	}
}
