package transfer

import (
	"context"
	"sync"

	"gantry/connectors"
)

// turns lets one run at a time have a job ID.
type turns struct {
	mu    sync.Mutex
	taken map[string]chan struct{} // closed when the turn ends
}

func (t *turns) wait(ctx context.Context, id string) (done func(), err error) {
	for {
		t.mu.Lock()
		other, busy := t.taken[id]
		if !busy {
			return t.take(id), nil
		}
		t.mu.Unlock()
		select {
		case <-other:
		case <-ctx.Done():
			return nil, connectors.Errorf(connectors.KindCanceled, "run job", id, "another run of it was waited for: %w", context.Cause(ctx))
		}
	}
}

// try is wait where nobody has the turn; ok is false where somebody has.
func (t *turns) try(id string) (done func(), ok bool) {
	t.mu.Lock()
	if _, busy := t.taken[id]; busy {
		t.mu.Unlock()
		return nil, false
	}
	return t.take(id), true
}

// take is called with the lock held, and gives it up.
func (t *turns) take(id string) (done func()) {
	defer t.mu.Unlock()
	if t.taken == nil {
		t.taken = map[string]chan struct{}{}
	}
	end := make(chan struct{})
	t.taken[id] = end
	return func() {
		t.mu.Lock()
		defer t.mu.Unlock()
		delete(t.taken, id)
		close(end)
	}
}
