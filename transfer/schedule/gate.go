package schedule

import (
	"slices"
	"time"
)

// A gate lets so many bytes through a second, in small steps, the highest priority
// first and fairly within each.
type gate struct {
	rate   int64   // bytes/s; 0 = no limit
	tokens float64 // below zero: what has gone ahead
	filled time.Time
	asks   []*ask
	choice choice
}

// An ask is bytes of a slot that want to pass a gate.
type ask struct {
	wish
	bytes  int
	passed chan struct{}
}

// step is how much passes at a time: a fortieth of a second's worth.
func (g *gate) step() int {
	if g.rate == 0 {
		return 1 << 20
	}
	return int(min(max(g.rate/40, 512), 256<<10))
}

func (g *gate) set(now time.Time, rate int64) {
	if rate != g.rate {
		g.fill(now)
		g.rate = rate
		g.tokens = max(g.tokens, -float64(g.step())) // what was owed at another rate is no measure
	}
}

func (g *gate) fill(now time.Time) {
	if dt := now.Sub(g.filled); dt > 0 {
		g.tokens = min(float64(g.step()), g.tokens+dt.Seconds()*float64(g.rate))
	}
	g.filled = now
}

// serve lets pass whom it can, and says when it can go on; zero if nobody waits.
func (g *gate) serve(c *core, now time.Time) (next time.Time) {
	g.fill(now)
	for len(g.asks) > 0 && (g.rate == 0 || g.tokens > 0) {
		i, aged := g.choice.best(c, now, len(g.asks), func(i int) (wish, bool) { return g.asks[i].wish, true })
		a := g.asks[i]
		g.asks = slices.Delete(g.asks, i, i+1)
		g.tokens -= float64(a.bytes)
		g.choice.made(a.job, int64(a.bytes), aged)
		close(a.passed)
	}
	if len(g.asks) == 0 {
		return time.Time{}
	}
	return now.Add(time.Duration(-g.tokens/float64(g.rate)*float64(time.Second)) + time.Microsecond)
}

func (g *gate) drop(a *ask) {
	if i := slices.Index(g.asks, a); i >= 0 {
		g.asks = slices.Delete(g.asks, i, i+1)
	}
}
