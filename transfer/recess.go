package transfer

import (
	"context"
	"slices"
	"sync"

	"gantry/connectors"
)

// A recess is the time in which the only destination of a job waits for longer than
// memory should be kept. Its job is read no further meanwhile; the parts that had been
// read already are let go, and read again when it is over.
type recess struct {
	mu      sync.Mutex
	over    chan struct{} // closed when it is; nil outside of a recess
	stop    chan struct{} // ends the draining
	drained chan struct{} // closed when that has ended
	missed  []connectors.Part
}

// rest begins a recess, unless there is one. Parts that come are let go from now on.
func (d *delivery) rest() {
	r := &d.recess
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.over == nil {
		r.over = make(chan struct{})
	}
	if r.stop == nil {
		r.stop, r.drained = make(chan struct{}), make(chan struct{})
		go d.listen(r.stop, r.drained)
	}
}

// listen takes the parts that come, and drops them.
func (d *delivery) listen(stop <-chan struct{}, drained chan<- struct{}) {
	defer close(drained)
	for {
		select {
		case p, open := <-d.queue:
			if !open {
				return
			}
			d.miss(p.part)
			d.drop(p)
		case <-stop:
			return
		}
	}
}

// miss notes a part that was let go.
func (d *delivery) miss(p connectors.Part) {
	d.recess.mu.Lock()
	defer d.recess.mu.Unlock()
	d.recess.missed = append(d.recess.missed, p)
}

// resting gives what is closed at the end of the recess; nil if there is none.
func (d *delivery) resting() <-chan struct{} {
	d.recess.mu.Lock()
	defer d.recess.mu.Unlock()
	return d.recess.over
}

// hear ends the draining: parts that come stay in the queue.
func (r *recess) hear() {
	r.mu.Lock()
	stop, drained := r.stop, r.drained
	r.stop = nil
	r.mu.Unlock()
	if stop != nil {
		close(stop)
		<-drained
	}
}

// take gives what was missed so far, in order.
func (r *recess) take() []connectors.Part {
	r.mu.Lock()
	defer r.mu.Unlock()
	missed := r.missed
	r.missed = nil
	slices.SortStableFunc(missed, func(a, b connectors.Part) int { return a.Number - b.Number })
	return missed
}

// end lets the reading go on.
func (r *recess) end() {
	r.hear()
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.over != nil {
		close(r.over)
		r.over = nil
	}
}

// sendPass sends the parts of the pass, with as many recesses as it needs.
func (d *delivery) sendPass(ctx context.Context) error {
	defer d.recess.end()
	for {
		if err := d.makeUp(ctx); err != nil {
			return err
		}
		err := d.work(ctx, d.queue, d.left)
		wait, late := waitsLater(err)
		if !late {
			return err
		}
		if !isClosed(d.left) {
			d.rest()
		}
		d.layDownAwhile()
		if err := wait(ctx); err != nil {
			return err
		}
	}
}

// makeUp ends a recess: it sends what was missed, from a reading of its own.
func (d *delivery) makeUp(ctx context.Context) error {
	for d.resting() != nil && !isClosed(d.left) {
		missed, seen := d.missing()
		if len(missed) == 0 {
			d.recess.hear() // what was let go until now is known, and nothing is from now on
			if missed, seen = d.missing(); len(missed) == 0 {
				d.recess.end()
				return nil
			}
		}
		err := d.sendFrom(ctx, missed, seen)
		if err == nil {
			continue
		}
		for _, p := range missed {
			d.miss(p)
		}
		wait, late := waitsLater(err)
		if !late {
			return err
		}
		d.rest()
		d.layDownAwhile()
		if err := wait(ctx); err != nil {
			return err
		}
	}
	return nil
}

// missing gives what was missed and is not there, as it was seen last.
func (d *delivery) missing() (missed, seen []connectors.Part) {
	numbers := d.recess.take()
	seen, _ = d.r.seen.get()
	for i, p := range numbers {
		if i == 0 || p.Number != numbers[i-1].Number {
			missed = append(missed, seen[p.Number-1])
		}
	}
	return d.lacking(missed), seen
}
