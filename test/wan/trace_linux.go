package wan

import (
	"fmt"
	"io"
	"sync/atomic"
	"time"
)

// traffic counts what a direction has carried, and what it has lost.
type traffic struct{ bytes, lost atomic.Int64 }

// Trace writes a line every 100 ms until the wire is closed: the time, and for each
// direction the Mbit/s that were carried and how many
// packets were lost.
func (w *Wire) Trace(to io.Writer) {
	const every = 100 * time.Millisecond
	go func() {
		tick := time.NewTicker(every)
		defer tick.Stop()
		var before, gone [2]int64
		for {
			select {
			case <-w.closed:
				return
			case <-tick.C:
			}
			line := time.Now().Format("05.000")
			for i := range w.traffic {
				bytes, lost := w.traffic[i].bytes.Load(), w.traffic[i].lost.Load()
				line += fmt.Sprintf("  %6.1f Mbit/s %4d lost", float64(bytes-before[i])*8/every.Seconds()/1e6, lost-gone[i])
				before[i], gone[i] = bytes, lost
			}
			fmt.Fprintln(to, line)
		}
	}()
}
