package agent

import (
	"github.com/prometheus/client_golang/prometheus"

	"gantry/transfer/metrics"
	"gantry/transfer/schedule"
)

// Collector shows what the agent moves to Prometheus. It may be registered once, before Run or after.
func (a *Agent) Collector() prometheus.Collector {
	return metrics.New(func() metrics.State {
		s := a.current()
		if s == nil {
			return metrics.State{}
		}
		return metrics.State{Engine: s.moves.engine, Scheduler: s.lines, Queued: s.queue.waiting()}
	})
}

// waiting counts what waits to be moved, by its priority.
func (q *queue) waiting() map[schedule.Priority]int {
	q.mu.Lock()
	defer q.mu.Unlock()
	n := map[schedule.Priority]int{}
	for key, w := range q.latest {
		if q.active[key] != w {
			n[w.priority]++
		}
	}
	return n
}
