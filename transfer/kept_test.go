package transfer

import (
	"context"
	"fmt"
	"io"
	"sync"
	"sync/atomic"
	"testing"

	"gantry/connectors"
)

// A pocket keeps a file to itself until it is committed, as an object store's client does
// with a small one.
type pocket struct {
	connectors.Place
	held, most *atomic.Int64
	wait       chan struct{}
}

type inPocket struct {
	connectors.Upload
	p pocket
}

func (inPocket) Fleeting() {}

func (u inPocket) Commit(ctx context.Context, w connectors.Whole) (connectors.Entry, error) {
	<-u.p.wait
	u.p.held.Add(-w.Size)
	return u.Upload.Commit(ctx, w)
}

func (u inPocket) WritePart(ctx context.Context, p connectors.Part, r io.ReadSeeker) (connectors.Part, error) {
	if now := u.p.held.Add(p.Size); now > u.p.most.Load() {
		u.p.most.Store(now)
	}
	return u.Upload.WritePart(ctx, p, r)
}

func (p pocket) Begin(ctx context.Context, path string, o connectors.UploadOptions) (connectors.Upload, error) {
	up, err := p.Place.Begin(ctx, path, o)
	return inPocket{up, p}, err
}

// What uploads keep until they are committed is within the budget, however many there are.
func TestWhatUploadsKeepIsWithinTheBudget(t *testing.T) {
	t.Parallel()
	s := newStage(t, func(o *Options) { o.MemoryBudget = 16 * part })
	to := pocket{s.folder("a"), &atomic.Int64{}, &atomic.Int64{}, make(chan struct{})}
	var wait sync.WaitGroup
	for n := range 64 {
		name := fmt.Sprint("clip", n)
		s.file(name, part)
		job := s.job(name, to)
		wait.Go(func() {
			if _, err := s.engine.Run(s.ctx, job); err != nil {
				t.Error(err)
			}
		})
	}
	until(t, "the budget is used", func() bool { return to.held.Load() >= 8*part })
	for range 64 {
		to.wait <- struct{}{}
	}
	wait.Wait()
	if most := to.most.Load(); most > 16*part {
		t.Errorf("%d KiB were kept beside a budget of %d", most>>10, 16*part>>10)
	}
	s.engine.memory.mu.Lock()
	defer s.engine.memory.mu.Unlock()
	if used := s.engine.memory.used; used != 0 {
		t.Errorf("%d bytes were never given back", used)
	}
}
