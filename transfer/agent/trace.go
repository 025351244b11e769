package agent

import (
	"sync"
	"time"
)

// trace keeps the last thing that went wrong, for Status.
type trace struct {
	now func() time.Time
	mu  sync.Mutex
	msg string
	at  time.Time
}

func (t *trace) note(err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.msg, t.at = err.Error(), t.now()
}

func (t *trace) last() (string, time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.msg, t.at
}
