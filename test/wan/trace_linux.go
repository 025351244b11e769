package wan

import (
	"fmt"
	"io"
	"sync/atomic"
	"time"
)

// traffic counts what a direction has carried, and what it has lost.
type traffic struct{ bytes, lost atomic.Int64 }

// trace writes a line every 100 ms: the time, and for each direction, there and back, the
// Mbit/s that were carried and how many packets were lost.
func trace(to io.Writer, seen *[2]traffic) {
	const every = 100 * time.Millisecond
	var before, gone [2]int64
	last := time.Now()
	for now := range time.Tick(every) {
		line := now.Format("05.000")
		for i := range seen {
			bytes, lost := seen[i].bytes.Load(), seen[i].lost.Load()
			line += fmt.Sprintf("  %6.1f Mbit/s %4d lost", float64(bytes-before[i])*8/now.Sub(last).Seconds()/1e6, lost-gone[i])
			before[i], gone[i] = bytes, lost
		}
		last = now
		if _, err := fmt.Fprintln(to, line); err != nil {
			return
		}
	}
}
