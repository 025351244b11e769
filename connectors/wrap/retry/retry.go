// Package retry makes a place try again what may succeed the next time.
//
// A call is made again if its error is [connectors.Retryable] and not a full
// volume, which no pause of seconds helps, after a pause that grows and is
// jittered, and is never shorter than the place asks for. It gives up when the
// tries or the time are used up, and when the [Budget] is: then the place is in
// trouble, and those who hammer at it only make that worse.
//
//   - A listing that breaks off is made again and goes on after the last path, so
//     that nothing comes twice.
//   - A stream that breaks off is opened again where it stopped, if the file is
//     still the version that it was; otherwise it ends with KindChanged.
//   - A file to be removed that is gone at the second try counts as removed.
//   - A commit whose reply was lost is made again, which places answer with what
//     they committed, or with KindNotFound or KindExists: the caller then looks at
//     the file, as after a crash.
//   - A beginning whose reply was lost is made again, and leaves an upload that
//     nobody knows (see [connectors.Sweeper]).
//   - A part is not sent again to a place that takes parts in order only, and
//     events are not asked for again: their handler may have failed.
//
// The transfer engine tries again by itself and needs no such wrapper; it is for
// listings, probes and single calls.
package retry

import (
	"context"
	"slices"
	"time"

	"gantry/connectors"
	"gantry/connectors/wrap"
)

// Options say how patient a place is. What is zero has a default.
type Options struct {
	Tries int           // of one call, or since a stream or a listing last went on; default 8
	Time  time.Duration // from the first failure on; default 2 minutes
	First time.Duration // the first pause; each is twice the one before; default 200 ms
	Most  time.Duration // the longest pause of our own; default 20 s

	Budget *Budget // shared by all who use the same server; nil = one of this place alone

	// Resume is how many bytes a stream has at least that is taken up after a cut:
	// it costs a Stat before it is opened. Default 1 MiB; below zero: none is.
	Resume int64

	Now    func() time.Time                                 // default time.Now
	Sleep  func(ctx context.Context, d time.Duration) error // returns early with an error when ctx ends; default a timer
	Jitter func() float64                                   // between 0 and 1; default random

	// Note is told of each retry before its pause. May be nil.
	Note func(c wrap.Call, err error, pause time.Duration)
}

// Wrap gives a place that tries again.
func Wrap(inner connectors.Place, o Options) connectors.Place {
	r := &retrier{o: o.complete(), sequential: inner.Traits().Sequential, stat: inner.Stat}
	return wrap.Around(inner, wrap.Hooks{Call: r.call, List: r.list, Before: r.before, Stream: r.stream})
}

type retrier struct {
	o          Options
	sequential bool
	stat       func(ctx context.Context, path string) (connectors.Entry, error)
}

// never are calls that are not made again.
func (r *retrier) never(op wrap.Op) bool {
	return op == wrap.Notify || op == wrap.WritePart && r.sequential
}

func (r *retrier) call(ctx context.Context, c wrap.Call, do func(context.Context) error) error {
	if r.never(c.Op) {
		return do(ctx)
	}
	series := r.begin(c)
	for {
		err := do(ctx)
		switch {
		case err == nil:
			r.o.Budget.earn()
			return nil
		case series.failures > 0 && gone(c.Op, err):
			return nil
		case wrap.Begun(err), connectors.KindOf(err) == connectors.KindIncomplete:
			return err // to send too little again helps as little as to list from the middle
		}
		if err := series.pause(ctx, err); err != nil {
			return err
		}
	}
}

// gone tells whether a removal has been carried out, perhaps by the try before
// whose reply was lost.
func gone(op wrap.Op, err error) bool {
	return slices.Contains([]wrap.Op{wrap.Remove, wrap.RemoveVersion, wrap.Abort, wrap.Discard}, op) && connectors.KindOf(err) == connectors.KindNotFound
}

// worth tells whether an error may go away in a while.
func worth(err error) bool {
	return connectors.Retryable(err) && connectors.KindOf(err) != connectors.KindNoSpace
}
