// Package throttle bounds the bytes and the requests per second that a place is
// given, fairly among all streams and changeable while they run.
//
// A [Throttle] may be shared by the places of one server, or by all that use one
// line. Streams take turns in small steps, so that none starves; a new limit holds
// at once, also for who is waiting. What is written is counted as the place reads
// it from us: one that reads a part twice, to hash it first, pays twice. Movements of
// a Mover share the limit evenly among themselves, beside the streams; a file that
// one reads from the disk itself is not counted as read from its place.
package throttle

import (
	"context"
	"io"
	"time"

	"golang.org/x/time/rate"

	"gantry/connectors"
	"gantry/connectors/wrap"
)

// Limits are the most there may be; zero is no limit.
type Limits struct {
	Up       int64   // bytes/s to the place
	Down     int64   // bytes/s from the place
	Requests float64 // calls/s: a listing is one, however long

	Bandwidth Timetable // if it is not the zero one, instead of Up and Down
}

// None tells whether nothing is limited.
func (l Limits) None() bool {
	return l.Up == 0 && l.Down == 0 && l.Requests == 0 && l.Bandwidth.Unlimited()
}

// A Throttle holds limits. Its methods may be called by many goroutines at once.
type Throttle struct {
	up, down, requests *gate

	movements movements
}

// New makes a throttle by the real clock.
func New(l Limits) *Throttle { return newThrottle(l, time.Now, after) }

func newThrottle(l Limits, now func() time.Time, after func(time.Duration) (<-chan time.Time, func())) *Throttle {
	one := func(rate.Limit) int { return 1 }
	t := &Throttle{up: newGate(step, now, after), down: newGate(step, now, after), requests: newGate(one, now, after)}
	t.Set(l)
	return t
}

// Set changes the limits, also for what is under way.
func (t *Throttle) Set(l Limits) {
	if l.Bandwidth.Unlimited() {
		t.up.set(rate.Limit(l.Up))
		t.down.set(rate.Limit(l.Down))
	} else {
		t.up.follow(l.Bandwidth.gate(true))
		t.down.follow(l.Bandwidth.gate(false))
	}
	t.requests.set(rate.Limit(l.Requests))
	t.movements.share(t)
}

// gate is the timetable of one direction.
func (t Timetable) gate(up bool) func(time.Time) (rate.Limit, time.Time) {
	return func(now time.Time) (rate.Limit, time.Time) { return rate.Limit(t.At(now).one(up)), t.Next(now) }
}

// Limits tells what holds now; Stop where nothing moves.
func (t *Throttle) Limits() Limits {
	return Limits{Up: int64(t.up.get()), Down: int64(t.down.get()), Requests: float64(t.requests.get())}
}

// step is how many bytes go at a time: a twentieth of a second's worth, which is
// also the largest burst.
func step(bytes rate.Limit) int { return int(min(max(int64(bytes)/20, 512), 256<<10)) }

// Wrap gives a place within the limits.
func (t *Throttle) Wrap(inner connectors.Place) connectors.Place {
	return wrap.Around(inner, wrap.Hooks{
		Call: func(ctx context.Context, c wrap.Call, do func(context.Context) error) error {
			if err := t.admit(ctx, c); err != nil {
				return ended(c, err)
			}
			return do(ctx)
		},
		Stream: func(ctx context.Context, c wrap.Call, s wrap.Stream) io.ReadCloser {
			return &stream{ReadCloser: s.ReadCloser, turns: turns{ctx, c, t.down, s.ReadCloser}}
		},
		Part: func(ctx context.Context, c wrap.Call, r io.ReadSeeker) io.ReadSeeker {
			return &part{ReadSeeker: r, turns: turns{ctx, c, t.up, r}}
		},
		Movement: t.movement,
		Moving:   t.moving,
	})
}

// admit waits for the request's turn, and one that moves bytes for the end of a
// window in which nothing moves: otherwise it would be given up half way.
func (t *Throttle) admit(ctx context.Context, c wrap.Call) error {
	switch c.Op {
	case wrap.Open, wrap.OpenStaged, wrap.OpenVersion:
		if err := t.down.opens(ctx); err != nil {
			return err
		}
	case wrap.WritePart:
		if err := t.up.opens(ctx); err != nil {
			return err
		}
	}
	return t.requests.pass(ctx, 1)
}

func ended(c wrap.Call, err error) error {
	return connectors.Errorf(connectors.KindOf(err), string(c.Op), c.Path, "while waiting for its turn: %w", err)
}

type stream struct {
	io.ReadCloser
	turns
}

func (s *stream) Read(b []byte) (int, error) { return s.turns.read(b) }

type part struct {
	io.ReadSeeker
	turns
}

func (p *part) Read(b []byte) (int, error) { return p.turns.read(b) }

// turns reads in steps and pays for each.
type turns struct {
	ctx  context.Context
	call wrap.Call
	gate *gate
	r    io.Reader
}

func (t *turns) read(b []byte) (int, error) {
	n, err := t.r.Read(b[:min(len(b), t.gate.atATime())])
	if n > 0 {
		if ended := t.gate.pass(t.ctx, n); ended != nil {
			return 0, t.ended(ended)
		}
	}
	return n, err
}

func (t *turns) ended(err error) error { return ended(t.call, err) }
