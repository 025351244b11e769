package throttle_test

import (
	"context"
	"testing"

	"gantry/connectors"
	"gantry/connectors/wrap/throttle"
)

// A courier is a mover whose movements end when they are told.
type courier struct {
	connectors.Place
	started []*errand
}

type errand struct {
	rate int64
	end  chan struct{}
}

func (c *courier) Start(_ context.Context, m connectors.Movement) (connectors.Moving, error) {
	e := &errand{rate: m.Rate, end: make(chan struct{})}
	c.started = append(c.started, e)
	return e, nil
}

func (e *errand) SetRate(rate int64) error { e.rate = rate; return nil }

func (e *errand) Wait() (connectors.Entry, error) { <-e.end; return connectors.Entry{}, nil }

func (e *errand) Publish(context.Context) (connectors.Entry, error) { return connectors.Entry{}, nil }

func TestMovementsShareTheLimit(t *testing.T) {
	c := &courier{}
	limits := throttle.New(throttle.Limits{Up: 1200, Down: 600})
	mover, ok := connectors.As[connectors.Mover](limits.Wrap(c))
	if !ok {
		t.Fatal("the wrapped place is no mover")
	}
	start := func(m connectors.Movement) connectors.Moving {
		moving, err := mover.Start(t.Context(), m)
		if err != nil {
			t.Fatal(err)
		}
		return moving
	}
	rates := func(want ...int64) {
		t.Helper()
		for i, e := range c.started {
			if e.rate != want[i] {
				t.Errorf("movement %d has %d bytes/s; want %d", i, e.rate, want[i])
			}
		}
	}
	first := start(connectors.Movement{})
	rates(1200)
	start(connectors.Movement{Rate: 100})
	rates(600, 100)
	start(connectors.Movement{Receive: true})
	rates(600, 100, 600)
	limits.Set(throttle.Limits{Up: 400, Down: 600})
	rates(200, 100, 600)
	if err := first.SetRate(50); err != nil {
		t.Fatal(err)
	}
	rates(50, 100, 600)
	close(c.started[1].end)
	close(c.started[0].end)
	if _, err := first.Wait(); err != nil {
		t.Fatal(err)
	}
}
