package watch

import (
	"context"
	"sync"
)

// desk is where settled files are offered to the caller, one at a time, while watching goes on.
type desk struct {
	offers  chan File
	answers chan answer
	clerk   sync.WaitGroup
}

type answer struct {
	file File
	err  error
}

// openDesk starts the goroutine that calls settled. Both channels hold one, so neither side waits for the other.
func openDesk(ctx context.Context, settled func(context.Context, File) error) *desk {
	d := &desk{offers: make(chan File, 1), answers: make(chan answer, 1)}
	d.clerk.Go(func() {
		for f := range d.offers {
			err := ctx.Err()
			if err == nil {
				err = settled(ctx, f)
			}
			d.answers <- answer{f, err}
		}
	})
	return d
}

// close waits for the call under way and returns its answer, if there is one.
func (d *desk) close() <-chan answer {
	close(d.offers)
	d.clerk.Wait()
	close(d.answers)
	return d.answers
}
