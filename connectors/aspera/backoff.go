package aspera

import "time"

// A backoff decides whether and when ascp is started again. It is pure.
type backoff struct {
	attempts int // in a row without progress
	failed   int
	pause    time.Duration
}

const (
	firstPause = time.Second
	longPause  = time.Minute
)

// next is told of a failure, and whether bytes had arrived before it. ok is false
// when it was one too many. jitter is in [0, 1): pauses differ by half.
func (b *backoff) next(progress bool, jitter float64) (pause time.Duration, ok bool) {
	if progress || b.pause == 0 {
		b.failed, b.pause = 0, firstPause
	}
	if b.failed++; b.failed >= b.attempts {
		return 0, false
	}
	pause = time.Duration(float64(b.pause) * (0.5 + jitter))
	b.pause = min(2*b.pause, longPause)
	return pause, true
}
