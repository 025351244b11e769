package transfer

import (
	"context"
	"errors"
	"sync"
	"time"

	"gantry/connectors"
	"gantry/transfer/schedule"
)

// A later error is that of a call which is worth another attempt, after a wait that is
// too long to keep memory for. Whoever gets it gives back what it holds, waits, and
// begins again.
type later struct {
	wait func(context.Context) error
	err  error
}

func (l *later) Error() string { return l.err.Error() }

// Unwrap gives the cause.
func (l *later) Unwrap() error { return l.err }

// waitsLater tells whether an error is of that kind, and how to wait.
func waitsLater(err error) (wait func(context.Context) error, ok bool) {
	var l *later
	if errors.As(err, &l) {
		return l.wait, true
	}
	return nil, false
}

var errShut = errors.New("nothing may move there now")

// whenReady is for what has to go on in order once the flow is not held any more.
func whenReady(f *schedule.Flow) error {
	return &later{func(ctx context.Context) error { return ready(ctx, f) }, errShut}
}

// A tally remembers how often the parts have failed in a row that are to be moved later,
// so that patience ends however often they are begun anew. The zero tally serves.
type tally struct {
	mu    sync.Mutex
	by    map[int]retrier
	place retrier // how long the place has not answered, to whatever part; no part has moved since
}

// take gives a part's retrier, as it was left; a new one goes on where others wait for
// the place.
func (t *tally) take(number int, fresh *retrier) *retrier {
	t.mu.Lock()
	defer t.mu.Unlock()
	if was, ok := t.by[number]; ok {
		fresh.slept, fresh.pause, fresh.spoilt = was.slept, was.pause, was.spoilt
		return fresh
	}
	fresh.slept, fresh.pause = max(fresh.slept, t.place.slept), max(fresh.pause, t.place.pause)
	return fresh
}

// moved forgets the failures of a part, and that the place did not answer.
func (t *tally) moved(number int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.by, number)
	t.place = retrier{}
}

// heard remembers a failure that is of the place and not of a part. Of the time that a
// place asks for no more is handed on than a pause is long otherwise.
func (t *tally) heard(r *retrier, pause time.Duration, err error) {
	switch connectors.KindOf(err) {
	case connectors.KindUnavailable, connectors.KindTimeout, connectors.KindBusy:
		t.mu.Lock()
		defer t.mu.Unlock()
		t.place.slept, t.place.pause = max(t.place.slept, r.slept+min(pause, longPause)), max(t.place.pause, r.pause)
	}
}

// fail sleeps if the call that has failed is worth another attempt soon. If not, its
// error says why, or is a later one.
func (t *tally) fail(ctx context.Context, number int, r *retrier, err error) error {
	pause, worth := r.next(ctx, err)
	if worth {
		t.heard(r, pause, err)
	}
	switch {
	case !worth:
		return ended(ctx, err)
	case pause <= tolerance:
		if !r.sleep(ctx, pause) {
			return ended(ctx, err)
		}
		return nil
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.by == nil {
		t.by = map[int]retrier{}
	}
	left := *r
	left.slept += pause
	t.by[number] = left
	return &later{func(ctx context.Context) error {
		if !r.sleep(ctx, pause) {
			return context.Cause(ctx)
		}
		return nil
	}, err}
}
