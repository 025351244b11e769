package transfer

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"gantry/connectors"
)

// A gauge is what one delivery tells of itself.
type gauge struct {
	phase   atomic.Value
	done    atomic.Int64
	parts   atomic.Int64
	resumed atomic.Int64 // bytes of parts that earlier runs had sent
	retries atomic.Int64
	resent  atomic.Int64
	sent    atomic.Int64
	trouble trouble

	mu      sync.Mutex
	flying  int64 // bytes of parts on their way
	highest int64 // that was told of this phase
}

func (g *gauge) enter(phase string, done int64) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.highest = 0
	g.done.Store(done)
	g.phase.Store(phase)
}

// restart is for an upload that begins anew.
func (g *gauge) restart() {
	g.parts.Store(0)
	g.resumed.Store(0)
	g.done.Store(0)
}

// read gives the phase, how far it is, and what was accepted and is on the wire, which
// never falls within a phase.
func (g *gauge) read() (phase string, done, height int64) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if phase, _ = g.phase.Load().(string); phase == "" {
		phase = PhaseHash
	}
	done = g.done.Load()
	g.highest = max(g.highest, done+g.flying)
	return phase, done, g.highest
}

func (g *gauge) wire() int64 {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.flying
}

// A flight is one attempt at sending a part.
type flight struct {
	g      *gauge
	at     int64
	landed bool
}

func (g *gauge) takeOff() *flight { return &flight{g: g} }

// reached is told how much of the part the connector has taken so far.
func (f *flight) reached(n int64) {
	f.g.mu.Lock()
	defer f.g.mu.Unlock()
	if !f.landed && n > f.at {
		f.g.flying += n - f.at
		f.at = n
	}
}

// land ends the flight: its bytes are accepted, or were in vain.
func (f *flight) land() {
	f.g.mu.Lock()
	defer f.g.mu.Unlock()
	if !f.landed {
		f.landed = true
		f.g.flying -= f.at
	}
}

// A trouble is the last failure that something waits for to be over.
type trouble struct {
	mu    sync.Mutex
	what  string
	why   string
	until time.Time
}

func (t *trouble) note(now time.Time, what string, err error, pause time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.what, t.why, t.until = what, reason(err), now.Add(pause)
}

func (t *trouble) over() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.what = ""
}

// tell says what is waited for; "" if nothing is.
func (t *trouble) tell(now time.Time) string {
	t.mu.Lock()
	defer t.mu.Unlock()
	left := t.until.Sub(now)
	if t.what == "" || left <= 0 {
		return ""
	}
	return fmt.Sprintf("retry of %s in %d s: %s", t.what, int64((left+time.Second-1)/time.Second), t.why)
}

// reason is an error without what was tried where, which stands beside it.
func reason(err error) string {
	var e *connectors.Error
	if errors.As(err, &e) && e.Err != nil {
		return e.Err.Error()
	}
	return err.Error()
}
