package transfer

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"gantry/connectors"
	"gantry/transfer/growing"
)

// A Growth tells how a source grows that is still written; growing.File is one.
type Growth interface {
	// Wait returns once the file is at least size bytes long, or finished. It ends with
	// an error when the file is gone, is another one or shorter than before, or neither
	// grows nor ends. Many goroutines may call it at once, and again after it said that the
	// file is finished, when it was written to nevertheless.
	Wait(ctx context.Context, size int64) (growing.State, error)
}

// A GrowthVerify is what is read again of a growing file when it is finished.
type GrowthVerify string

// The choices. A program that writes a recording mends its header, its index and
// sometimes more at the end: what was sent by then has to be compared.
const (
	GrowthFull  GrowthVerify = ""      // all of it, for all digests
	GrowthEdges GrowthVerify = "edges" // the parts at both ends, and those that an MXF file names; the rest is taken to be as it was. The receipt has no digest that would need a reading of the whole
)

// growth is what a run knows of its growing source.
type growth struct {
	run      *run
	source   Growth
	identity string           // of the file, where its place can tell
	began    connectors.Entry // as it was at the beginning
	finish   chan struct{}    // closed by Engine.Finish
	once     sync.Once
	end      func()
	size     atomic.Int64           // as seen last
	where    atomic.Pointer[string] // it is now

	mu       sync.Mutex
	more     chan struct{}     // closed when there are more parts
	parts    []connectors.Part // as they were read, by number
	held     int64             // bytes of parts that are kept back: they are going to be mended
	closed   growing.State
	closedAt time.Time
	mended   int  // parts that were other ones at the end
	full     bool // all of it was read again, though only the edges had to be
}

// behind is how far a part stays behind the end of the file, in bytes: what was
// written last may not be in its place yet.
func (g *growth) behind() int64 { return min(4<<20, g.run.plan().PartSize/2) }

// wait asks for the file's growth. Engine.Finish ends it.
func (g *growth) wait(ctx context.Context, size int64) (growing.State, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	done := make(chan struct{})
	defer close(done)
	go func() {
		select {
		case <-g.finish:
			cancel(errFinished)
		case <-done:
		}
	}()
	state, err := g.source.Wait(ctx, size)
	if err != nil && context.Cause(ctx) == errFinished { //nolint:errorlint // exactly this one
		return g.asItIs(context.WithoutCancel(ctx))
	}
	if err == nil {
		g.seen(state)
	}
	return state, err
}

var errFinished = connectors.Errorf(connectors.KindCanceled, "follow", "", "the file was said to be finished")

// asItIs is the state of a file that somebody has said to be finished.
func (g *growth) asItIs(ctx context.Context) (growing.State, error) {
	entry, err := g.stat(ctx)
	if err != nil {
		return growing.State{}, err
	}
	state := growing.State{Path: g.run.path(), Size: entry.Size, Closed: growing.BySignal}
	g.seen(state)
	return state, nil
}

func (g *growth) seen(s growing.State) {
	g.size.Store(s.Size)
	if s.Path != "" {
		g.where.Store(&s.Path)
	}
}

// put notes a part as it was read.
func (g *growth) put(p connectors.Part) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for len(g.parts) < p.Number {
		g.parts = append(g.parts, connectors.Part{})
	}
	g.parts[p.Number-1] = p
	g.run.seen.put(p)
	close(g.more)
	g.more = make(chan struct{})
}

// reached waits until so many parts were read.
func (g *growth) reached(ctx context.Context, parts int) bool {
	for {
		g.mu.Lock()
		n, more := len(g.parts), g.more
		g.mu.Unlock()
		if n >= parts {
			return true
		}
		select {
		case <-more:
		case <-ctx.Done():
			return false
		}
	}
}

// cut forgets a part that was not full, and what would lie behind it.
func (g *growth) cut() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if n := len(g.parts); n > 0 && g.parts[n-1].Size < g.run.plan().Part(n).Size {
		g.parts = g.parts[:n-1]
	}
}

// next is the number of the first part that was not read.
func (g *growth) next() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return len(g.parts) + 1
}

// all are the parts so far.
func (g *growth) all() []connectors.Part {
	g.mu.Lock()
	defer g.mu.Unlock()
	return append([]connectors.Part(nil), g.parts...)
}
