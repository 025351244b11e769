package sftp

import (
	tcp "gantry/connectors/link"
)

// abreast is how many connections go a long way side by side: each loss then slows a part
// of them only, and none has to become as fast as the line.
const abreast = 4

// worthSpreading is the size of a file that moves for long enough to gain from it.
const worthSpreading = 32 << 20

// long tells whether the connections go a long way.
func (p *pool) long() bool {
	for l := range p.links() {
		return l.wire.roundTrip >= tcp.Long
	}
	return false
}

// spread makes the connections that a long way is worth from the beginning, without
// waiting for them. It is called with the mutex held.
func (p *pool) spread() {
	if p.growing > 0 || p.open.Err() != nil || p.now().Before(p.patience) || !p.long() {
		return
	}
	for range min(abreast, p.connections) - len(p.links()) {
		p.growing++
		p.group.Go(func() { p.growBy(nil) })
	}
}

// prepare is spread for so many bytes that are to move, before the first of them.
func (p *pool) prepare(size int64) {
	if size < worthSpreading {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.spread()
}
