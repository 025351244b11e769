package transfer

import (
	"context"
	"errors"
	"io"
	"testing"
	"time"

	"gantry/connectors"
)

// However much the jobs of one place want, the first part of another one gets memory at
// once.
func TestAPlaceLeavesMemoryToOthers(t *testing.T) {
	t.Parallel()
	const size = 4096
	m := newMemory(16*size, time.Minute)
	soon, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	slow := 0
	for range 20 {
		if _, err := m.share(8*size, nil, "slow").take(soon, size); err == nil {
			slow++
		}
	}
	if slow != 12 {
		t.Errorf("one place has %d parts of 16", slow)
	}
	other := m.share(8*size, nil, "other")
	first, err := other.take(t.Context(), size)
	must(t, err)
	soon, cancel = context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if _, err := m.share(8*size, nil, "slow").take(soon, size); err == nil {
		t.Error("the place that has much gets more while another has one part")
	}
	first.drop()
}

// What a call holds that hangs counts as used, is given back when the call ends, and
// stops neither other places nor, for ever, those who wait for that one.
func TestMemoryOfHungCallsIsCountedAndGivenBack(t *testing.T) {
	t.Parallel()
	s := newStage(t, func(o *Options) {
		o.Stall, o.Parallel, o.MemoryBudget, o.Patience = 100*time.Millisecond, 1, 16*part, time.Second
	})
	s.file("clip", 12*part)
	free := make(chan struct{})
	to := &script{Place: s.folder("a"), write: func(context.Context, int, connectors.Part, io.ReadSeeker, writer) (connectors.Part, error) {
		<-free // a mount whose server is away
		return connectors.Part{}, connectors.Errorf(connectors.KindUnavailable, "write", "clip", "late")
	}}
	ctx, stop := context.WithCancel(t.Context())
	end := s.started(ctx, s.job("clip", to))
	until(t, "calls that hang", func() bool { return to.writes.Load() >= 2 })
	if used := s.memoryUsed(); used < 2*part {
		t.Errorf("%d bytes are counted", used)
	}
	other := s.job("other", s.folder("b"))
	other.Destinations[0].Location = "elsewhere"
	data := s.file("other", 3*part)
	s.run(other)
	s.holds("b", "other", data)
	err := <-end
	stop()
	if connectors.KindOf(err) != connectors.KindTimeout {
		t.Errorf("it ends with %v", err)
	}
	if calls := to.writes.Load(); calls > 5 { // a quarter of the memory
		t.Errorf("%d calls hang", calls)
	}
	if s.memoryUsed() == 0 {
		t.Error("nothing is counted of what the calls hold")
	}
	close(free)
	until(t, "the memory", func() bool { return s.memoryUsed() == 0 })
	s.engine.memory.mu.Lock()
	defer s.engine.memory.mu.Unlock()
	if m := s.engine.memory; m.hung != 0 || m.holding != 0 {
		t.Errorf("%d bytes hang, %d jobs hold something", m.hung, m.holding)
	}
}

// A job that is cancelled before its run has begun, or between two runs, does not begin.
func TestACancelBetweenRunsIsHeard(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	s.file("clip", 20*part)
	job := s.job("clip", s.folder("a"))
	c, err := s.engine.enter(job)
	must(t, err)
	if !s.engine.Cancel(job.ID) {
		t.Fatal("the job is not found")
	}
	ctx, end, _ := c.begin(t.Context())
	defer end(nil)
	if !errors.Is(context.Cause(ctx), ErrGivenUp) {
		t.Error("the run begins")
	}
	if !c.close() || s.engine.Cancel(job.ID) {
		t.Error("it is not known that the job was given up, or a cancel after the end is taken")
	}
	s.engine.leave(c, ErrGivenUp)
}
