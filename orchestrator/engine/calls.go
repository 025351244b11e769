package engine

import (
	"context"
	"errors"
	"sync"
)

// errCallCancelled ends the context of a call whose result nobody waits for.
var errCallCancelled = errors.New("the run no longer waits for this call")

// A callTable holds the calls that run in this process, by key.
type callTable struct {
	mu sync.Mutex
	by map[string]context.CancelCauseFunc
}

func (t *callTable) enter(ctx context.Context, key string) (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(ctx)
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.by == nil {
		t.by = map[string]context.CancelCauseFunc{}
	}
	t.by[key] = cancel
	return ctx, func() {
		t.mu.Lock()
		defer t.mu.Unlock()
		delete(t.by, key)
		cancel(nil)
	}
}

func (t *callTable) cancel(key string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if cancel, ok := t.by[key]; ok {
		cancel(errCallCancelled)
	}
}
