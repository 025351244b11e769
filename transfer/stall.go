package transfer

import (
	"context"
	"time"

	"gantry/connectors"
)

// watched gives a context that ends with KindTimeout when moved is not called for
// the engine's Stall. end has to be called.
func (e *Engine) watched(ctx context.Context, what, path string) (_ context.Context, moved, end func()) {
	ctx, cancel := context.WithCancelCause(ctx)
	timer := time.AfterFunc(e.o.Stall, func() {
		cancel(connectors.Errorf(connectors.KindTimeout, what, path, "no byte has moved for %s", e.o.Stall))
	})
	return ctx, func() { timer.Reset(e.o.Stall) }, func() { timer.Stop(); cancel(nil) }
}

// grace is how long a call may take to notice that its context has ended.
const grace = time.Second

// within makes a call and returns at the latest a grace after ctx has ended; the
// call then goes on in the background, and abandoned is true.
func within[T any](ctx context.Context, call func() (T, error)) (value T, abandoned bool, err error) {
	type result struct {
		value T
		err   error
	}
	done := make(chan result, 1)
	go func() {
		value, err := call()
		done <- result{value, err}
	}()
	select {
	case r := <-done:
		return r.value, false, r.err
	case <-ctx.Done():
	}
	timer := time.NewTimer(grace)
	defer timer.Stop()
	select {
	case r := <-done:
		return r.value, false, r.err
	case <-timer.C:
		return value, true, context.Cause(ctx)
	}
}
