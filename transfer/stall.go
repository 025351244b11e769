package transfer

import (
	"context"
	"fmt"
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
	bytes int64 // that have moved since the timer was set
	least int64 // of those that are progress
}

// slowest is the rate, in bytes/s, below which a peer does not move but pretend to.
const slowest = 1 << 10

// watched watches a call that moves bytes in a slot, which may be nil. The watch has
// to be closed.
func (e *Engine) watched(ctx context.Context, slot *schedule.Slot, what, path string) (context.Context, *watch) {
	ctx, cancel := context.WithCancelCause(ctx)
	w := &watch{limit: e.o.Stall, slot: slot, end: cancel, least: max(1, int64(e.o.Stall.Seconds()*slowest))}
	w.timer = time.AfterFunc(w.limit, func() {
		cancel(connectors.Errorf(connectors.KindTimeout, what, path, "%s in %s", w.tally(), e.o.Stall))
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
	w.bytes = 0
	if w.waits > 0 {
		w.timer.Stop()
	} else {
		w.timer.Reset(w.limit)
	}
}

// moved is told of progress, of n bytes. A few in all the time are none.
func (w *watch) moved(n int64) {
	if w == nil {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.bytes += n; w.waits == 0 && w.bytes >= w.least {
		w.bytes = 0
		w.timer.Reset(w.limit)
	}
}

// tally says how little has moved.
func (w *watch) tally() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.bytes == 0 {
		return "no byte has moved"
	}
	return fmt.Sprintf("no more than %d bytes have moved", w.bytes)
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

// made makes a call within ctx: right here where the place is prompt.
func made[T any](ctx context.Context, prompt bool, call func() (T, error)) (value T, abandoned bool, err error) {
	if !prompt {
		return within(ctx, call)
	}
	value, err = call()
	return value, false, err
}

// prompt tells whether calls to a place return soon after their context has ended. What is
// around a place may not.
func prompt(place any) bool {
	_, ok := connectors.Innermost(place).(connectors.Prompt)
	return ok && connectors.Innermost(place) == place
}

// within makes a call and returns at the latest a grace after ctx has ended; the
// call then goes on in the background, and abandoned is true.
func within[T any](ctx context.Context, call func() (T, error)) (value T, abandoned bool, err error) {
	type result struct {
		value T
		err   error
	}
	done := make(chan result, 1)
	crew.call(func() {
		value, err := call()
		done <- result{value, err}
	})
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
