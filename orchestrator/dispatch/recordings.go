package dispatch

import (
	"sync"
	"time"

	"gantry/transfer/agent/wire"
)

// A Recording is a file that grows in a watched folder, as an agent last saw it.
type Recording struct {
	Site     string    `json:"site"`
	Agent    string    `json:"agent"`
	Route    string    `json:"route"`
	Path     string    `json:"path"`
	Size     int64     `json:"size"` // bytes so far
	LastSeen time.Time `json:"lastSeen"`
}

// staleAfter is how long a recording is believed to grow without a word of it.
const staleAfter = 30 * time.Second

// mostRecordings bounds the memory that agents can fill.
const mostRecordings = 10_000

// recordings holds what grows. It is news, not record: nothing of it is kept.
type recordings struct {
	mu   sync.Mutex
	seen map[[3]string]Recording
}

func (r *recordings) note(p wire.ArrivalProgress, now time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.seen == nil {
		r.seen = map[[3]string]Recording{}
	}
	r.expire(now)
	key := [3]string{p.Site, p.Route, p.Path}
	if _, known := r.seen[key]; known || len(r.seen) < mostRecordings {
		r.seen[key] = Recording{Site: p.Site, Agent: p.Agent, Route: p.Route, Path: p.Path, Size: p.Size, LastSeen: now}
	}
}

// ended forgets a recording that is being moved or has arrived.
func (r *recordings) ended(site, route, path string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.seen, [3]string{site, route, path})
}

func (r *recordings) list(now time.Time) []Recording {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.expire(now)
	list := make([]Recording, 0, len(r.seen))
	for _, each := range r.seen {
		list = append(list, each)
	}
	return list
}

func (r *recordings) expire(now time.Time) {
	for key, each := range r.seen {
		if now.Sub(each.LastSeen) > staleAfter {
			delete(r.seen, key)
		}
	}
}
