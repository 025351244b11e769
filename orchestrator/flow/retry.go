package flow

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math"
	"strconv"
	"time"
)

// retryPolicy says whether and when a try is repeated.
type retryPolicy struct {
	when, exceptWhen     *expr
	delay                *duration
	backoff              backoff
	count                *int // of retries
	attemptLimit, within *duration
	jitterFrom, jitterTo *duration
}

// backoff says how the delay grows.
type backoff int

const (
	backoffConstant backoff = iota
	backoffLinear
	backoffExponential
)

// limit starts the timer of an attempt, if attempts are limited; it is false when that failed.
func (t *tryTask) limit(x *exec, f *frame) bool {
	if t.retry == nil || t.retry.attemptLimit == nil {
		return true
	}
	after, err := t.retry.attemptLimit.run(x.inside(f))
	if err != nil {
		x.fail(f, err)
		return false
	}
	x.timer(f, roleAttempt, f.key()+"/attempt/"+strconv.Itoa(f.Try.Attempt), after)
	return true
}

// again arranges for another attempt where the policy allows one.
func (t *tryTask) again(x *exec, f *frame, caught *Error) (bool, *Error) {
	r := t.retry
	if r == nil || r.count != nil && f.Try.Attempt > *r.count {
		return false, nil
	}
	if allowed, err := x.holds(f, caught, r.when, r.exceptWhen); err != nil || !allowed {
		return false, err
	}
	eval := x.evaluator(scopeOf{f: f, caught: caught}, f.Input.data)
	key := f.key() + "/retry/" + strconv.Itoa(f.Try.Attempt)
	delay, err := r.next(f.Try.Attempt, x.st.Run+key, eval)
	if err != nil {
		return false, err
	}
	if r.within != nil {
		within, err := r.within.run(eval)
		if err != nil || x.at.Sub(f.StartedAt)+delay > within {
			return false, err
		}
	}
	f.Try.Phase, f.Try.Error = phaseRetry, caught
	x.report(f, TaskRetrying, Command{Error: caught, Due: x.at.Add(delay), Detail: fmt.Sprintf("attempt %d", f.Try.Attempt+1)})
	if delay > 0 {
		x.timer(f, roleRetry, key, delay)
	} else {
		x.next(func() { t.attempt(x, f) })
	}
	return true, nil
}

// next gives the delay before the retry of that ordinal, from 1. Its jitter follows from the seed.
func (r *retryPolicy) next(ordinal int, seed string, eval evaluator) (time.Duration, *Error) {
	base, err := r.delay.run(eval)
	if err != nil {
		return 0, err
	}
	delay := float64(base)
	switch r.backoff {
	case backoffLinear:
		delay *= float64(ordinal)
	case backoffExponential:
		delay *= math.Pow(2, float64(ordinal-1))
	}
	from, err := r.jitterFrom.run(eval)
	if err != nil {
		return 0, err
	}
	to, err := r.jitterTo.run(eval)
	if err != nil {
		return 0, err
	}
	sum := sha256.Sum256([]byte(seed))
	share := float64(binary.BigEndian.Uint64(sum[:8])>>11) / (1 << 53)
	delay += float64(from) + share*float64(max(to-from, 0))
	return time.Duration(min(delay, float64(maxDuration))), nil
}
