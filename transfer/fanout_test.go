package transfer

import (
	"context"
	"io"
	"sync/atomic"
	"testing"
	"time"

	"gantry/connectors"
)

// readBytes counts what is read of the source.
func readBytes(s *stage) *atomic.Int64 {
	var total atomic.Int64
	s.source.open = func(_ int, _ int64, r io.ReadCloser) (io.ReadCloser, error) {
		return readCloser{io.TeeReader(r, countingWriter{&total}), r}, nil
	}
	return &total
}

type countingWriter struct{ n *atomic.Int64 }

func (c countingWriter) Write(p []byte) (int, error) {
	c.n.Add(int64(len(p)))
	return len(p), nil
}

// slowed writes each part only when it gets a tick.
func slowed(place connectors.Place, ticks <-chan struct{}) *script {
	return &script{Place: place, write: func(ctx context.Context, _ int, _ connectors.Part, r io.ReadSeeker, next writer) (connectors.Part, error) {
		select {
		case <-ticks:
			return next(r)
		case <-ctx.Done():
			return connectors.Part{}, context.Cause(ctx)
		}
	}}
}

func TestASlowDestinationDoesNotHoldUpTheOthers(t *testing.T) {
	t.Parallel()
	s := newStage(t, func(o *Options) { o.Parallel = 2; o.MemoryBudget = 16 * part })
	const parts = 60
	data := s.file("clip", parts*part)
	read := readBytes(s)
	ticks := make(chan struct{})
	committed := make(chan struct{}, 2)
	fast := func(folder string) *script {
		return &script{Place: s.folder(folder), commit: func(_ int, next func() (connectors.Entry, error)) (connectors.Entry, error) {
			defer func() { committed <- struct{}{} }()
			return next()
		}}
	}
	slow := slowed(s.folder("slow"), ticks)
	done := make(chan Receipt)
	go func() {
		defer close(done)
		done <- s.run(s.job("clip", fast("a"), slow, fast("b")))
	}()
	ticks <- struct{}{} // it is slow, and not dead
	// The fast ones are done while the slow one has most of its parts before it.
	for range 2 {
		select {
		case <-committed:
		case <-time.After(20 * time.Second):
			t.Fatal("the slow destination holds up the others")
		}
	}
	if n := slow.writes.Load(); n > parts/4 {
		t.Errorf("%d parts were begun at the slow destination when the others were done", n)
	}
	close(ticks)
	receipt := <-done
	for _, folder := range []string{"a", "slow", "b"} {
		s.holds(folder, "clip", data)
	}
	if total := read.Load(); total > 2*int64(len(data)) || len(receipt.Copies) != 3 {
		t.Errorf("%d bytes were read for a file of %d and one slow destination of three", total, len(data))
	}
	for _, c := range receipt.Copies {
		if c.SentBytes > int64(len(data)) {
			t.Errorf("%s was sent %d bytes", c.Location, c.SentBytes)
		}
	}
}

// It does not wait for the end of the reading to go on.
func TestASlowDestinationFollowsWhileTheReadingGoesOn(t *testing.T) {
	t.Parallel()
	s := newStage(t, func(o *Options) { o.Parallel = 2; o.MemoryBudget = 16 * part })
	const parts = 40
	data := s.file("clip", parts*part)
	// The fast one takes what it is given, and stops before its end until the slow one
	// has as much.
	reached := make(chan struct{})
	ticks := make(chan struct{})
	slow := slowed(s.folder("slow"), ticks)
	fast := &script{Place: s.folder("fast"), write: func(ctx context.Context, _ int, p connectors.Part, r io.ReadSeeker, next writer) (connectors.Part, error) {
		if p.Number == parts-2 {
			select {
			case <-reached:
			case <-ctx.Done():
				return connectors.Part{}, context.Cause(ctx)
			}
		}
		return next(r)
	}}
	done := make(chan struct{})
	go func() {
		defer close(done)
		s.run(s.job("clip", fast, slow))
	}()
	for deadline := time.After(20 * time.Second); fast.writes.Load() < parts-2; {
		select {
		case <-deadline:
			t.Fatalf("the fast one has %d parts", fast.writes.Load())
		case <-time.After(time.Millisecond):
		}
	}
	for range parts - 5 {
		select {
		case ticks <- struct{}{}:
		case <-time.After(20 * time.Second):
			t.Fatalf("the slow one stands still at its part %d while the reading goes on", slow.writes.Load())
		}
	}
	close(reached)
	close(ticks)
	<-done
	s.holds("fast", "clip", data)
	s.holds("slow", "clip", data)
}

// Destinations that are much alike are fed from one reading: here none is ever more
// than two parts ahead of the other.
func TestDestinationsOfOneSpeedShareTheReading(t *testing.T) {
	t.Parallel()
	s := newStage(t, func(o *Options) { o.Parallel = 2 })
	data := s.file("clip", 40*part)
	read := readBytes(s)
	a, b := &script{Place: s.folder("a")}, &script{Place: s.folder("b")}
	beside := func(other *script) func(context.Context, int, connectors.Part, io.ReadSeeker, writer) (connectors.Part, error) {
		return func(ctx context.Context, call int, _ connectors.Part, r io.ReadSeeker, next writer) (connectors.Part, error) {
			time.Sleep(50 * time.Millisecond) // so that it is judged more than once
			for other.writes.Load() < int32(call-2) && ctx.Err() == nil {
				time.Sleep(time.Millisecond)
			}
			return next(r)
		}
	}
	a.write, b.write = beside(b), beside(a)
	s.run(s.job("clip", a, b))
	if total := read.Load(); total != int64(len(data)) {
		t.Errorf("%d bytes were read for a file of %d", total, len(data))
	}
}

// One that is dead fails alone.
func TestAStuckDestinationFailsAlone(t *testing.T) {
	t.Parallel()
	s := newStage(t, func(o *Options) {
		o.Parallel, o.Stall, o.Patience, o.MemoryBudget = 2, 300*time.Millisecond, 100*time.Millisecond, 16*part
	})
	data := s.file("clip", 40*part)
	good := &script{Place: s.folder("good")}
	receipt, err := s.engine.Run(s.ctx, s.job("clip", slowed(s.folder("stuck"), nil), good))
	if connectors.KindOf(err) != connectors.KindTimeout || len(receipt.Copies) != 1 {
		t.Errorf("got %v and the copies %+v", err, receipt.Copies)
	}
	s.holds("good", "clip", data)
}
