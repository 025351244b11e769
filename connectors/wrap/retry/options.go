package retry

import (
	"cmp"
	"context"
	"math/rand/v2"
	"time"
)

func (o Options) complete() Options {
	o.Tries = cmp.Or(o.Tries, 8)
	o.Time = cmp.Or(o.Time, 2*time.Minute)
	o.First = cmp.Or(o.First, 200*time.Millisecond)
	o.Most = cmp.Or(o.Most, 20*time.Second)
	o.Resume = cmp.Or(o.Resume, 1<<20)
	if o.Budget == nil {
		o.Budget = NewBudget(100)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Sleep == nil {
		o.Sleep = sleep
	}
	if o.Jitter == nil {
		o.Jitter = rand.Float64
	}
	return o
}

func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
