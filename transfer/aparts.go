package transfer

import (
	"sync"
	"time"
)

// aparts remembers of pairs of folders whether they are one: for a while, since a place
// may be mounted elsewhere the next day, and for so many pairs. It may be used by many
// goroutines at once.
type aparts struct {
	mu    sync.Mutex
	known map[string]apart
	lying map[string]bool // marks of jobs under way
}

type apart struct {
	same bool
	at   time.Time
}

const (
	apartFor  = 10 * time.Minute
	mostApart = 1024
)

func (a *aparts) get(pair string, now time.Time) (same, known bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	k, known := a.known[pair]
	if known && now.Sub(k.at).Abs() > apartFor {
		delete(a.known, pair)
		return false, false
	}
	return k.same, known
}

func (a *aparts) put(pair string, same bool, now time.Time) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(a.known) >= mostApart {
		clear(a.known) // to ask again costs little
	}
	if a.known == nil {
		a.known = map[string]apart{}
	}
	a.known[pair] = apart{same, now}
}

// lay says that a mark lies somewhere until lift is called.
func (a *aparts) lay(mark string) (lift func()) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.lying == nil {
		a.lying = map[string]bool{}
	}
	a.lying[mark] = true
	return func() {
		a.mu.Lock()
		defer a.mu.Unlock()
		delete(a.lying, mark)
	}
}

func (a *aparts) inUse(mark string) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.lying[mark]
}
