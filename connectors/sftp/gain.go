package sftp

import (
	"time"

	tcp "gantry/connectors/link"
)

// On a long way, connections share the line rather than widen it: several of them only
// push each other's packets out of the queue before the bottleneck. Only where each gets
// a share of its own, because of losses or of a limit that somebody has set, are more of
// them faster. So there the pool tries one more, once it moves what it can with those
// that it has, and looks what it has gained.

const (
	lap      = 2 * time.Second // over which a rate is measured
	steady   = 1.1             // by which it grows in a lap at most, if it is as high as it gets
	gainful  = 1.15            // what one more connection has to bring
	halfDone = 4 * lap         // a measurement that nobody has gone on with is forgotten
)

// A gain is what the pool knows of the use of more connections. It is under the pool's
// mutex.
type gain struct {
	began time.Time // of the lap; zero = none is under way
	moved int64     // by then
	laps  int       // with as many connections
	rate  float64   // bytes/s of the last one
	one   float64   // the rate with one connection less; 0 = none was added
	over  bool      // one more was in vain
}

// wants tells whether another connection is worth a trial. now and moved, the bytes of
// all connections so far, are of this moment.
func (g *gain) wants(now time.Time, moved int64) bool {
	took := now.Sub(g.began)
	switch {
	case g.over:
		return false
	case g.began.IsZero(), took > halfDone, moved < g.moved: // a connection has gone
		*g = gain{began: now, moved: moved, one: g.one}
		return false
	case took < lap:
		return false
	}
	before := g.rate
	g.rate, g.began, g.moved = float64(moved-g.moved)/took.Seconds(), now, moved
	if g.laps++; g.laps < 2 || g.rate > steady*before {
		return false
	}
	if g.one > 0 && g.rate < gainful*g.one {
		g.over = true
		return false
	}
	return true
}

// added begins anew, with one connection more.
func (g *gain) added() { *g = gain{one: g.rate} }

// far tells whether the connections go a long way.
func (p *pool) far() bool {
	for l := range p.links() {
		return l.wire.roundTrip >= tcp.Far
	}
	return false
}

// distant is far for who does not hold the mutex.
func (p *pool) distant() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.far()
}

// movedSoFar counts the bytes of all connections.
func (p *pool) movedSoFar() (n int64) {
	for l := range p.links() {
		n += l.wire.arrived.Load() + l.wire.sent.Load()
	}
	return n
}
