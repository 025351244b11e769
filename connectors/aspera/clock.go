package aspera

import (
	"context"
	"math/rand/v2"
	"time"
)

// A clock is given, so that tests need not wait.
type clock interface {
	// Pause sleeps, or returns early when ctx ends.
	Pause(ctx context.Context, d time.Duration)
	// Jitter is in [0, 1).
	Jitter() float64
}

type systemClock struct{}

func (systemClock) Pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

func (systemClock) Jitter() float64 { return rand.Float64() }
