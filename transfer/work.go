package transfer

import (
	"context"
	"errors"
	"sync"

	"gantry/connectors"
	"gantry/transfer/schedule"
)

// work sends what comes through the queue, several parts at once, until it is
// closed or the delivery leaves. After the first error nothing new is sent, but
// what is on its way may still arrive, so that it need not be sent again.
func (d *delivery) work(ctx context.Context, queue <-chan *piece, left <-chan struct{}) error {
	workers := d.workers()
	var wait sync.WaitGroup
	var once sync.Once
	var failure error
	failed := make(chan struct{})
	for range workers {
		wait.Go(func() {
			if err := d.sendAll(ctx, queue, left, failed); err != nil {
				once.Do(func() {
					failure = err
					close(failed)
					if _, late := waitsLater(err); !late {
						d.leave()
					}
				})
			}
		})
	}
	wait.Wait()
	return failure
}

// workers is how many parts are sent at once.
func (d *delivery) workers() int {
	workers := min(d.r.e.parallel(), d.r.plan().Count())
	if d.traits.Sequential || d.to.Reveal != "" { // what others read has no holes
		workers = min(workers, 1)
	}
	if d.echo != nil { // parts that are whole one after the other are read back sooner
		workers = min(workers, 2)
	}
	return workers
}

func (d *delivery) sendAll(ctx context.Context, queue <-chan *piece, left, failed <-chan struct{}) error {
	for {
		// These win, so that no part is sent for a delivery that has given up.
		if isClosed(left) || isClosed(failed) {
			return nil
		}
		select {
		case p, open := <-queue:
			if !open {
				return nil
			}
			if err := d.place(ctx, p, failed); err != nil {
				return err
			}
		case <-left:
			return nil
		case <-failed:
			return nil
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// isClosed is false for a nil channel.
func isClosed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

// place sees to it that the destination has the part. It drops the piece.
func (d *delivery) place(ctx context.Context, p *piece, failed <-chan struct{}) error {
	defer d.drop(p)
	if d.confirm(p.part) || !d.takeOff(p.part.Number) {
		return nil
	}
	defer d.land(p.part.Number)
	if found, err := d.find(ctx, p.part); found || err != nil {
		if err == nil {
			err = d.takeFound(p.part)
		}
		return err
	}
	part, err := d.sendProved(ctx, p, failed)
	if errors.Is(err, errBehind) || errors.Is(err, schedule.ErrHeld) {
		return nil // it is sent when the pass has ended
	}
	if err != nil {
		d.miss(p.part)
		return err
	}
	if d.worthRecording() {
		if err := d.r.e.journal.AcceptWith(d.r.job.ID, d.record, part, d.checkpoint(part.Number)); err != nil {
			return err
		}
	}
	d.accept(part)
	d.keep(p)
	return nil
}

// takeOff is false for a part of which another version is on its way: nobody could
// tell which of the two lands last. The part is sent once the pass has ended.
func (d *delivery) takeOff(number int) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.flying[number] {
		return false
	}
	d.flying[number] = true
	return true
}

func (d *delivery) land(number int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.flying, number)
}

// worthRecording is false for a file that is sent again as quickly as it is
// written down, and for an upload that is not recorded itself.
func (d *delivery) worthRecording() bool {
	return d.record.ID != "" && (d.r.plan().Count() > 1 || d.r.plan().Size > 1<<20)
}

// confirm takes over a part that was accepted earlier, if it is what the source
// has now.
func (d *delivery) confirm(p connectors.Part) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if accepted, done := d.accepted[p.Number]; done {
		if _, equal := accepted.Digests.Agree(p.Digests); equal && accepted.Size == p.Size {
			return true
		}
		d.unaccept(p.Number) // it was read wrong, or has changed since
	}
	claimed, ok := d.claimed[p.Number]
	if !ok {
		return false
	}
	delete(d.claimed, p.Number)
	common, equal := claimed.Digests.Agree(p.Digests)
	if common == 0 && claimed.Size == p.Size && d.adopted { // what the place tells of it cannot be compared
		return false
	}
	if common == 0 || !equal || claimed.Size != p.Size {
		d.r.e.log.Warn("a part that was accepted before differs from the source and is sent again",
			"job", d.r.job.ID, "location", d.to.Location, "path", d.to.Path, "part", p.Number)
		return false
	}
	p.ETag = claimed.ETag
	d.accepted[p.Number] = p
	d.more.Broadcast()
	d.resumed++
	d.gauge.resumed.Add(p.Size)
	d.gauge.parts.Add(1)
	d.gauge.done.Add(p.Size)
	return true
}

// unaccept has a part sent again; it is called with the lock held.
func (d *delivery) unaccept(number int) {
	d.gauge.parts.Add(-1)
	d.gauge.done.Add(-d.accepted[number].Size)
	delete(d.accepted, number)
	d.tried[number] = true
	if d.echo != nil { // it may have read what was there before
		d.echo.stale.Store(true)
		d.echo.stop()
	}
	d.prefix = min(d.prefix, number-1)
}

func (d *delivery) accept(p connectors.Part) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.accepted[p.Number] = p
	d.more.Broadcast()
	d.gauge.parts.Add(1)
	d.gauge.done.Add(p.Size)
	d.gauge.trouble.over()
}
