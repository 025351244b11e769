package engine

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"gantry/orchestrator/catalog"
	"gantry/orchestrator/function"
)

// Options are what an engine works with.
type Options struct {
	Store     *catalog.Store
	Functions map[string]function.Function // by the name that workflows call
	Logger    *slog.Logger
	Now       func() time.Time

	Workers map[string]int // calls at once, for functions that have a limit of their own
	Others  int            // calls at once of all other functions together; 0 = 16
	Retry   Retry
	Grace   time.Duration // how long Stop lets calls end by themselves; 0 = 5 s

	// Current gives the version that "latest" stands for, of a sub-workflow that is
	// being started; without it, that is the newest version that was ever registered.
	Current func(namespace, name string) (version string, ok bool)

	// OnRunEnd is called in the transaction in which a run ends. An error undoes
	// that transaction, which is tried again later.
	OnRunEnd func(ctx context.Context, tx catalog.Tx, run catalog.Run) error
}

// Retry says how the engine deals with calls that fail in passing: a connection
// lost, a place that is busy or full. The workflow sees only the last failure.
type Retry struct {
	Attempts int           // in all; 0 = 4
	First    time.Duration // before the second attempt, and twice as long before each further one; 0 = 1 s
	Max      time.Duration // 0 = 1 min
	Starts   int           // of one call that never ends, because it takes the process down; 0 = 100
}

func (o *Options) complete() error {
	switch {
	case o.Store == nil:
		return errors.New("the engine needs a catalogue")
	case o.Now == nil:
		return errors.New("the engine needs a clock")
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	o.Others = positive(o.Others, 16)
	o.Grace = positive(o.Grace, 5*time.Second)
	o.Retry.Attempts = positive(o.Retry.Attempts, 4)
	o.Retry.First = positive(o.Retry.First, time.Second)
	o.Retry.Max = positive(o.Retry.Max, time.Minute)
	o.Retry.Starts = positive(o.Retry.Starts, 100)
	return nil
}

func positive[T int | time.Duration](value, otherwise T) T {
	if value > 0 {
		return value
	}
	return otherwise
}

// delay gives the time to wait after a failed attempt, counted from 1.
func (r Retry) delay(attempt int) time.Duration {
	d := r.First
	for range attempt - 1 {
		if d *= 2; d >= r.Max {
			return r.Max
		}
	}
	return min(d, r.Max)
}
