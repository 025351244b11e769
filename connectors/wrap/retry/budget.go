package retry

import "sync"

// earned is what a call that succeeds adds to the budget: of ten calls one may be
// a retry in the long run.
const earned = 0.1

// A Budget bounds the retries of all who share it, so that a dead server is not
// hammered by many callers at once: each retry takes one from it, and each success
// gives a little back. It may be used by many goroutines at once.
type Budget struct {
	mu    sync.Mutex
	left  float64
	limit float64
}

// NewBudget makes a budget that is full with so many retries.
func NewBudget(retries int) *Budget {
	return &Budget{left: float64(retries), limit: float64(retries)}
}

// Left tells how many retries there are.
func (b *Budget) Left() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return int(b.left)
}

func (b *Budget) earn() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.left = min(b.limit, b.left+earned)
}

func (b *Budget) spend() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.left < 1 {
		return false
	}
	b.left--
	return true
}
