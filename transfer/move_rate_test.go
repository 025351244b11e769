package transfer

import (
	"context"
	"slices"
	"sync"
	"testing"

	"gantry/connectors"
	"gantry/connectors/wrap/throttle"
	"gantry/transfer/schedule"
)

// A courier moves nothing, and notes which rates it is told until it is let go.
type courier struct {
	mu    sync.Mutex
	rates []int64
	end   chan struct{}
}

func (c *courier) Start(_ context.Context, m connectors.Movement) (connectors.Moving, error) {
	m.Progress(1 << 30) // was there
	m.Progress(1<<30 + 50)
	return c, c.SetRate(m.Rate)
}

func (c *courier) SetRate(rate int64) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.rates = append(c.rates, rate)
	return nil
}

func (c *courier) Wait() (connectors.Entry, error) { <-c.end; return connectors.Entry{}, nil }

func (c *courier) Publish(context.Context) (connectors.Entry, error) { return connectors.Entry{}, nil }

func (c *courier) told(rate int64) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Contains(c.rates, rate)
}

// A program that moves files takes the rate of all limits that hold for its job, as they
// change, and shares it with what else moves.
func TestAMovementTakesItsRateFromTheLimits(t *testing.T) {
	t.Parallel()
	lines := schedule.New(schedule.Options{})
	limit := func(rate int64) {
		lines.Limit(schedule.OfSite("venue"), throttle.Always(throttle.Rate{Up: rate, Down: rate}))
	}
	limit(1000)
	acquire := func(job string) *schedule.Slot {
		ticket := lines.Enter(schedule.Work{Job: job, Site: "venue"})
		must(t, ticket.Begin(t.Context()))
		slot, err := ticket.Flow(schedule.Endpoint{Name: "partner", Direction: schedule.Write, Whole: true}).Acquire(t.Context(), 1<<40)
		must(t, err)
		return slot
	}
	slot, c := acquire("a"), &courier{end: make(chan struct{})}
	done := make(chan error, 1)
	go func() {
		_, _, err := (&depot{mover: c}).carry(moveIn(t.Context(), slot), connectors.Movement{})
		done <- err
	}()
	until(t, "its rate", func() bool { return c.told(1000) })
	limit(600)
	until(t, "a new rate", func() bool { return c.told(600) })
	other := acquire("b")
	until(t, "its half", func() bool { return c.told(300) })
	other.Release(nil)
	limit(0)
	until(t, "the end of the limit", func() bool { return c.told(0) })
	close(c.end)
	must(t, <-done)
	slot.Release(nil)
	for _, e := range lines.Stats().Endpoints {
		if e.Moved != 50 {
			t.Errorf("%d bytes are counted", e.Moved)
		}
	}
}
