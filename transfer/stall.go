package transfer

import (
	"context"
	"sync"
	"time"

	"gantry/connectors"
	"gantry/transfer/schedule"
)

// A watch, which may be nil, ends a call that makes no progress for the engine's Stall, with
// KindTimeout. Waiting on purpose, as for bandwidth, is no stall.
type watch struct {
	limit time.Duration
	timer *time.Timer
	slot  *schedule.Slot // nil if the bytes are nobody's
	end   context.CancelCauseFunc

	mu    sync.Mutex
	waits int
}

// watched watches a call that moves bytes in a slot, which may be nil. The watch has
// to be closed.
func (e *Engine) watched(ctx context.Context, slot *schedule.Slot, what, path string) (context.Context, *watch) {
	ctx, cancel := context.WithCancelCause(ctx)
	w := &watch{limit: e.o.Stall, slot: slot, end: cancel}
	w.timer = time.AfterFunc(w.limit, func() {
		cancel(connectors.Errorf(connectors.KindTimeout, what, path, "no byte has moved for %s", e.o.Stall))
	})
	return connectors.WithWaits(ctx, w.waiting), w
}

func (w *watch) close() {
	w.timer.Stop()
	w.end(nil)
}

func (w *watch) waiting(begins bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if begins {
		w.waits++
	} else {
		w.waits--
	}
	if w.waits > 0 {
		w.timer.Stop()
	} else {
		w.timer.Reset(w.limit)
	}
}

// moved is told of progress.
func (w *watch) moved() {
	if w == nil {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.waits == 0 {
		w.timer.Reset(w.limit)
	}
}

// step is how many bytes to move at a time, at most.
func (w *watch) step() int {
	if w == nil || w.slot == nil {
		return step
	}
	return min(step, w.slot.Step())
}

// pass waits until n bytes may move.
func (w *watch) pass(n int) error {
	if w == nil || w.slot == nil || n == 0 {
		return nil
	}
	w.waiting(true)
	defer w.waiting(false)
	return w.slot.Pass(n)
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
