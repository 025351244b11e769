package agent

import (
	"context"
	"time"
)

// pauses grow by two from first to most, each cut by up to a half at random, so that many agents do not come back at
// the same instant.
type pauses struct {
	first, most time.Duration
	jitter      func() float64 // in [0,1)
	failures    int
}

func (p *pauses) reset() { p.failures = 0 }

func (p *pauses) next() time.Duration {
	d := p.most
	if shifted := p.first << min(p.failures, 30); shifted > 0 && shifted < p.most {
		d = shifted
	}
	p.failures++
	return d - time.Duration(float64(d)*p.jitter()/2)
}

// rest waits for d, for a token in wake, or for the end of ctx, and tells whether ctx goes on.
func rest(ctx context.Context, d time.Duration, wake <-chan struct{}) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
	case <-wake:
	}
	return ctx.Err() == nil
}

// linger is how long a call under way may go on when everything ends, so that what the hub has taken is known to be
// taken.
const linger = 2 * time.Second

func lingering(ctx context.Context) (context.Context, context.CancelFunc) {
	longer, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() { time.AfterFunc(linger, cancel) })
	return longer, func() {
		stop()
		cancel()
	}
}

// A bell wakes one waiter; ringing it twice before it is heard is as good as once.
type bell chan struct{}

func newBell() bell { return make(bell, 1) }

func (b bell) ring() {
	select {
	case b <- struct{}{}:
	default:
	}
}
