package objectstore

import (
	"sync/atomic"
	"time"

	"gantry/connectors/link"
)

// A Distance is how far away a store is, as its connections show. It may be used by many
// goroutines at once, and a nil Distance knows nothing.
type Distance struct{ long atomic.Bool }

func (d *Distance) see(roundTrip time.Duration) {
	if d != nil && roundTrip >= link.Long {
		d.long.Store(true)
	}
}

// abreast is how many parts go a long way side by side, each on a connection of its own:
// then each loss slows one of many, and none has to become as fast as the line.
const abreast = 8

// start is how many parts are worth trying at once.
func (d *Distance) start(most int) int {
	switch {
	case d == nil || !d.long.Load():
		return 0
	case most > 0:
		return min(most, abreast)
	}
	return abreast
}
