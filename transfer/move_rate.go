package transfer

import (
	"context"
	"sync"
	"time"

	"gantry/connectors"
	"gantry/transfer/schedule"
)

type slotKey struct{}

// moveIn is ctx with the slot that a movement has.
func moveIn(ctx context.Context, s *schedule.Slot) context.Context {
	return context.WithValue(ctx, slotKey{}, s)
}

// rateEvery is how often a movement is told its rate, if that has changed.
const rateEvery = 500 * time.Millisecond

// carry starts a movement and waits for its end. Its program takes the rate that the
// limits leave to its slot, as they change, and what it moves counts within them.
func (d *depot) carry(ctx context.Context, m connectors.Movement) (connectors.Moving, connectors.Entry, error) {
	slot, _ := ctx.Value(slotKey{}).(*schedule.Slot)
	if slot != nil {
		m.Rate = slot.Share()
		m.Progress = counting(slot, m.Progress)
	}
	moving, err := d.mover.Start(ctx, m)
	if err != nil {
		return moving, connectors.Entry{}, err
	}
	defer keepRate(slot, moving, m.Rate)()
	entry, err := moving.Wait()
	return moving, entry, err
}

// counting tells the slot of the bytes that have come since the first report, which is of
// those that were there.
func counting(slot *schedule.Slot, told func(int64)) func(int64) {
	last := int64(-1)
	return func(bytes int64) {
		if last >= 0 && bytes > last {
			slot.Moved(int(bytes - last))
		}
		last = bytes
		if told != nil {
			told(bytes)
		}
	}
}

// keepRate tells a movement each new rate, until end is called.
func keepRate(slot *schedule.Slot, moving connectors.Moving, rate int64) (end func()) {
	if slot == nil {
		return func() {}
	}
	stop := make(chan struct{})
	var done sync.WaitGroup
	done.Go(func() {
		tick := time.NewTicker(rateEvery)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
			case <-stop:
				return
			}
			if now := slot.Share(); now != rate && moving.SetRate(now) == nil { // one that has ended need not take it
				rate = now
			}
		}
	})
	return func() { close(stop); done.Wait() }
}
