package engine

import (
	"container/heap"
	"context"
	"sync"
	"time"

	"github.com/riverqueue/river"

	"gantry/orchestrator/catalog"
	"gantry/orchestrator/flow"
)

// timerArgs are the job of a timer. It fires what the wheel of this process does
// not know of.
type timerArgs struct {
	Run string `json:"run"`
	Key string `json:"key"`
}

// Kind names the job in River.
func (timerArgs) Kind() string { return "gantry_timer" }

type timerWorker struct {
	river.WorkerDefaults[timerArgs]
	e *Engine
}

// Work fires a timer.
func (w *timerWorker) Work(ctx context.Context, j *river.Job[timerArgs]) error {
	return w.e.fire(ctx, j.Args.Run, j.Args.Key)
}

// fire tells a run that its time has come, unless it was told or has taken the
// timer back.
func (e *Engine) fire(ctx context.Context, runID, key string) error {
	return e.store.Write(ctx, func(ctx context.Context, tx catalog.Tx) error {
		c := e.change(tx)
		if found, err := c.takeTimer(ctx, runID, key); err != nil || !found {
			return err
		}
		c.add(input{run: runID, event: flow.Event{Type: flow.TimerFired, Key: key}})
		return c.carryOut(ctx)
	})
}

// firing is how many timers fire at once.
const firing = 32

// A wheel fires timers when they are due. River keeps a job for each, but looks for
// those that have become due every five seconds only.
type wheel struct {
	e      *Engine
	mu     sync.Mutex
	heap   timerHeap
	poke   chan struct{}
	cancel context.CancelFunc
	done   chan struct{}
}

func newWheel(e *Engine) *wheel { return &wheel{e: e, poke: make(chan struct{}, 1)} }

func (w *wheel) add(t catalog.Timer) {
	w.mu.Lock()
	heap.Push(&w.heap, t)
	first := w.heap[0] == t
	w.mu.Unlock()
	if first {
		select {
		case w.poke <- struct{}{}:
		default:
		}
	}
}

func (w *wheel) start(timers []catalog.Timer) {
	for _, t := range timers {
		w.add(t)
	}
	var ctx context.Context
	ctx, w.cancel = context.WithCancel(context.Background())
	w.done = make(chan struct{})
	go w.run(ctx)
}

func (w *wheel) stop() {
	if w.cancel != nil {
		w.cancel()
		<-w.done
	}
}

func (w *wheel) run(ctx context.Context) {
	defer close(w.done)
	var wg sync.WaitGroup
	defer wg.Wait()
	slots := make(chan struct{}, firing)
	for {
		t, wait, ok := w.next()
		if !ok {
			select {
			case <-ctx.Done():
				return
			case <-w.poke:
			case <-time.After(wait):
			}
			continue
		}
		select {
		case <-ctx.Done():
			return
		case slots <- struct{}{}:
		}
		wg.Go(func() {
			defer func() { <-slots }()
			if err := w.e.fire(ctx, t.RunID, t.Key); err != nil && ctx.Err() == nil {
				w.e.options.Logger.Warn("a timer could not be fired, River will do so", "run", t.RunID, "key", t.Key, "error", err)
			}
		})
	}
}

// next gives the timer that is due, or how long to wait for one.
func (w *wheel) next() (t catalog.Timer, wait time.Duration, ok bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.heap) == 0 {
		return t, time.Hour, false
	}
	if wait = w.heap[0].Due.Sub(w.e.now()); wait > 0 {
		return t, min(wait, time.Hour), false
	}
	return heap.Pop(&w.heap).(catalog.Timer), 0, true
}

type timerHeap []catalog.Timer

func (h timerHeap) Len() int           { return len(h) }
func (h timerHeap) Less(i, j int) bool { return h[i].Due.Before(h[j].Due) }
func (h timerHeap) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }
func (h *timerHeap) Push(x any)        { *h = append(*h, x.(catalog.Timer)) }
func (h *timerHeap) Pop() any {
	last := (*h)[len(*h)-1]
	*h = (*h)[:len(*h)-1]
	return last
}
