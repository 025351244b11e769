package schedule

import (
	"cmp"
	"slices"
)

// Stats is what a scheduler has to tell of itself.
type Stats struct {
	Begun     int   `json:"begun"`     // jobs under way
	Waiting   int   `json:"waiting"`   // jobs that wait to begin
	Granted   int64 `json:"granted"`   // slots, in all
	Preempted int64 `json:"preempted"` // slots that were taken away for urgent jobs, in all

	Endpoints []EndpointStats `json:"endpoints"` // by name and direction
}

// EndpointStats is one direction of one endpoint.
type EndpointStats struct {
	Endpoint  string  `json:"endpoint"`
	Direction string  `json:"direction"` // "read" or "write"
	Slots     int     `json:"slots"`     // large parts at once that it is found to be worth now
	InUse     int     `json:"inUse"`     // parts that move
	Waiting   int     `json:"waiting"`   // parts that wait
	Rate      float64 `json:"rate"`      // bytes/s that it was seen to move
	Moved     int64   `json:"moved"`     // bytes, in all
}

// Stats counts.
func (s *Scheduler) Stats() Stats {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.core
	all := Stats{Begun: len(c.line.begun), Waiting: len(c.line.waiting), Granted: c.granted, Preempted: c.preempted}
	for _, e := range c.list {
		for d := range e.lanes {
			l := &e.lanes[d]
			moved := l.moved.Load()
			if l.adaptive.rated.IsZero() && len(l.waiting) == 0 {
				continue // never used
			}
			all.Endpoints = append(all.Endpoints, EndpointStats{
				Endpoint: e.name, Direction: l.direction.String(), Slots: min(l.adaptive.limit, l.most(c.o)),
				InUse: len(l.running), Waiting: len(l.waiting), Rate: l.adaptive.rate, Moved: moved,
			})
		}
	}
	slices.SortStableFunc(all.Endpoints, func(a, b EndpointStats) int { return cmp.Compare(a.Endpoint, b.Endpoint) })
	return all
}
