package transfer

import (
	"context"
	"errors"
	"time"

	"gantry/connectors"
)

const (
	firstPause = 200 * time.Millisecond
	longPause  = 30 * time.Second
)

// A retrier counts the failures of one call in a row.
type retrier struct {
	e      *Engine
	slept  time.Duration
	pause  time.Duration
	note   func(err error, pause time.Duration) // may be nil
	prompt bool                                 // calls are to a place that is
	spoilt int                                  // how many more failures of KindIntegrity are worth another attempt
}

func (e *Engine) retrier(note func(error, time.Duration)) *retrier {
	return &retrier{e: e, pause: firstPause, note: note}
}

// moving is for calls that move bytes: those that are spoilt on the way are worth
// a few more attempts.
func (r *retrier) moving() *retrier {
	r.spoilt = 2
	return r
}

// again pauses and tells whether to call once more.
func (r *retrier) again(ctx context.Context, err error) bool {
	pause, worth := r.next(ctx, err)
	return worth && r.sleep(ctx, pause)
}

// next tells whether to call once more, and after which pause.
func (r *retrier) next(ctx context.Context, err error) (pause time.Duration, worth bool) {
	worth = connectors.Retryable(err)
	if connectors.KindOf(err) == connectors.KindIntegrity {
		worth = r.spoilt > 0
		r.spoilt--
	}
	if err == nil || !worth || ctx.Err() != nil || r.slept >= r.e.o.Patience {
		return 0, false
	}
	pause = max(min(time.Duration(float64(r.pause)*(0.5+r.e.o.Jitter())), r.e.o.Patience-r.slept), asked(err))
	r.pause = min(2*r.pause, longPause)
	if r.note != nil {
		r.note(err, pause)
	}
	return pause, true
}

// sleep is false if ctx ends before.
func (r *retrier) sleep(ctx context.Context, pause time.Duration) bool {
	if r.e.o.Sleep(ctx, pause) != nil {
		return false
	}
	r.slept += pause
	return true
}

// sleep waits by the system's clock.
func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// asked is how long the place wants us to wait. It is believed up to longestAsk.
func asked(err error) time.Duration {
	var e *connectors.Error
	if errors.As(err, &e) {
		return min(e.After, longestAsk)
	}
	return 0
}

const longestAsk = 10 * time.Minute

// progress forgets the failures so far.
func (r *retrier) progress() { r.slept, r.pause = 0, firstPause }

// retry makes a call until it succeeds, fails for good or patience ends. One that
// takes longer than limit (0: any time) has timed out.
func retry[T any](ctx context.Context, r *retrier, limit time.Duration, call func(context.Context) (T, error)) (T, error) {
	for {
		value, err := promptly(ctx, limit, r.prompt, call)
		if err == nil || !r.again(ctx, err) {
			return value, ended(ctx, err)
		}
	}
}

func limited[T any](ctx context.Context, limit time.Duration, call func(context.Context) (T, error)) (T, error) {
	return promptly(ctx, limit, false, call)
}

func promptly[T any](ctx context.Context, limit time.Duration, prompt bool, call func(context.Context) (T, error)) (T, error) {
	if limit > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, limit, &connectors.Error{Kind: connectors.KindTimeout, Op: "wait for", Path: "answer", Err: unanswered(limit)})
		defer cancel()
	}
	value, _, err := made(ctx, prompt, func() (T, error) { return call(ctx) })
	return value, ended(ctx, err)
}

// unanswered is how long an answer was waited for.
type unanswered time.Duration

func (u unanswered) Error() string { return "there was none for " + time.Duration(u).String() }

// ended says that our context ended rather than what broke because of it.
func ended(ctx context.Context, err error) error {
	if err != nil && ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}
