package engine

import (
	"context"
	"encoding/json"
	"sync"
	"time"

	"gantry/orchestrator/catalog"
	"gantry/orchestrator/function"
)

// How often a call's progress is written.
const progressEvery = 500 * time.Millisecond

// A progress keeps the newest report of a call and writes it now and then.
type progress struct {
	e      *Engine
	step   catalog.Step
	mu     sync.Mutex
	timer  *time.Timer // set while a report waits to be written
	last   function.Progress
	closed bool
	wg     sync.WaitGroup
}

func (e *Engine) newProgress(step catalog.Step) *progress { return &progress{e: e, step: step} }

// note takes a report; it neither blocks nor fails.
func (p *progress) note(n function.Progress) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.last = n
	if p.closed || p.timer != nil {
		return
	}
	p.wg.Add(1)
	p.timer = time.AfterFunc(progressEvery, p.write)
}

func (p *progress) write() {
	defer p.wg.Done()
	p.mu.Lock()
	last, closed := p.last, p.closed
	p.timer = nil
	p.mu.Unlock()
	if closed {
		return
	}
	text, err := json.Marshal(last)
	if err == nil {
		err = p.e.store.Write(context.Background(), func(ctx context.Context, tx catalog.Tx) error {
			return tx.SetProgress(ctx, p.step.RunID, p.step.Key, p.step.Fence, text)
		})
	}
	if err != nil {
		p.e.options.Logger.Warn("a call's progress could not be noted", "run", p.step.RunID, "key", p.step.Key, "error", err)
	}
}

// close drops what was not written; afterwards nothing is.
func (p *progress) close() {
	p.mu.Lock()
	p.closed = true
	if p.timer != nil && p.timer.Stop() {
		p.wg.Done()
	}
	p.mu.Unlock()
	p.wg.Wait()
}
