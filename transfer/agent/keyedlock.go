package agent

import (
	"context"
	"sync"
)

// keyedLock is one lock for each key. The zero value is ready.
type keyedLock struct {
	mu   sync.Mutex
	held map[string]chan struct{} // closed when it is free again
}

// lock waits until nobody else has key, or ctx ends.
func (k *keyedLock) lock(ctx context.Context, key string) (unlock func(), err error) {
	for {
		k.mu.Lock()
		busy, taken := k.held[key]
		if !taken {
			if k.held == nil {
				k.held = map[string]chan struct{}{}
			}
			free := make(chan struct{})
			k.held[key] = free
			k.mu.Unlock()
			return func() { k.release(key, free) }, nil
		}
		k.mu.Unlock()
		select {
		case <-busy:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

func (k *keyedLock) release(key string, free chan struct{}) {
	k.mu.Lock()
	delete(k.held, key)
	k.mu.Unlock()
	close(free)
}
