package transfer

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"gantry/connectors"
)

// One reading feeds all destinations of a job. It goes at the pace of the slowest
// one, as far as the others are not kept waiting by that: one that is less than half
// as fast as another leaves the reading, and follows with a reading of its own. So
// the source is read at most once for each destination, and once for a job whose
// destinations are much alike.

const (
	paceTick   = 20 * time.Millisecond
	paceWindow = 25 // ticks of waiting, in more than half of which one must be idle and another full
)

// keepPace lets destinations leave that hold up others, until the reading ends.
func (r *run) keepPace(ctx context.Context) {
	if len(r.deliveries) < 2 {
		return
	}
	tick := time.NewTicker(paceTick)
	defer tick.Stop()
	waits := make([]int, len(r.deliveries)) // by the one that is waited for
	for n := 1; ; n++ {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		case <-r.pass.done:
			return
		}
		starved := false
		for _, d := range r.deliveries {
			starved = starved || d.wantsMore()
		}
		for i, d := range r.deliveries {
			if starved && d.full() {
				waits[i]++
			}
			if n%paceWindow == 0 {
				if waits[i] > paceWindow/2 {
					d.fallBehind(ctx)
				}
				waits[i] = 0
			}
		}
	}
}

// wantsMore tells whether the delivery takes part in the reading, and has nothing to
// do.
func (d *delivery) wantsMore() bool { return !isClosed(d.left) && d.inHand.Load() == 0 }

// full tells whether the delivery takes part in the reading, and has more of it than
// it can send at once, or all that fits into memory.
func (d *delivery) full() bool {
	fits := d.r.share.fits(d.r.plan().PartSize)
	return !isClosed(d.left) && d.inHand.Load() >= max(1, min(int64(d.workers())+1, fits))
}

// fallBehind takes the delivery out of the reading. What it holds already is memory
// that the others lack until it is sent: they get as much beside it.
func (d *delivery) fallBehind(ctx context.Context) {
	d.r.e.log.InfoContext(ctx, "a slow destination leaves the common reading, so that the others need not wait for it",
		"job", d.r.job.ID, "location", d.to.Location, "path", d.to.Path)
	d.r.share.grow(min(d.inHand.Load(), int64(d.workers())) * classOf(d.r.plan().PartSize))
	d.leave()
}

// seen are the parts that the reading has come to, with their digests.
type seen struct {
	mu    sync.Mutex
	parts []connectors.Part
	lent  bool          // somebody looks at what there was
	more  chan struct{} // closed when there are more
}

func (s *seen) add(parts ...connectors.Part) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.parts = append(s.parts, parts...)
	if s.more != nil {
		close(s.more)
	}
	s.more = make(chan struct{})
}

// put is add for one part, which may be one that has changed since.
func (s *seen) put(p connectors.Part) {
	s.mu.Lock()
	if n := p.Number; n <= len(s.parts) {
		if s.lent {
			s.parts, s.lent = slices.Clone(s.parts), false
		}
		s.parts[n-1] = p
		s.mu.Unlock()
		return
	}
	s.mu.Unlock()
	s.add(p)
}

func (s *seen) get() (parts []connectors.Part, more <-chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.more == nil {
		s.more = make(chan struct{})
	}
	s.lent = true
	return s.parts[:len(s.parts):len(s.parts)], s.more
}

// follow is for a delivery that has left the reading while it goes on: it sends what
// the reading has seen, from a reading of its own.
func (d *delivery) follow(ctx context.Context) error {
	d.apart.Store(true)
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	go func() {
		select {
		case <-d.r.pass.done:
			if d.r.pass.err != nil {
				cancel(errPass)
			}
		case <-ctx.Done():
		}
	}()
	for {
		parts, more := d.r.seen.get()
		lacking := d.lacking(parts)
		if len(lacking) > 0 {
			if err := ready(ctx, d.writes); err != nil {
				return err
			}
			err := d.sendFrom(ctx, lacking, parts)
			wait, late := waitsLater(err)
			if late {
				err = wait(ctx)
			}
			if err != nil && !errors.Is(err, errRepair) {
				return err
			}
			if d.r.growth == nil || late {
				continue
			}
		}
		select {
		case <-more:
		case <-d.r.pass.done:
			return nil
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}
