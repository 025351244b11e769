package sftp

import (
	tcp "gantry/connectors/link"
)

// abreast is how many connections go a long way side by side, unless fewer or more are
// wished for: each loss then slows a part of them only, and none has to become as fast as
// the line.
const abreast = 6

// together is how many of them are made at once: OpenSSH begins to refuse some where ten
// are logging in, of all its clients (MaxStartups).
const together = 3

// worthSpreading is the size of a file that moves for long enough to gain from it.
const worthSpreading = 32 << 20

// long tells whether the connections go a long way.
func (p *pool) long() bool {
	for l := range p.links() {
		return l.wire.roundTrip >= tcp.Long
	}
	return false
}

// mostLinks is how many connections there may be. It is called with the mutex held.
func (p *pool) mostLinks() int {
	if p.freely && p.long() {
		return max(abreast, p.connections)
	}
	return p.connections
}

// mostOn is how many sessions a connection may have: where there are many connections,
// their windows are enough with fewer of them.
func (p *pool) mostOn(l *link) int {
	if p.long() && p.mostLinks() >= abreast {
		return min(2, l.most())
	}
	return l.most()
}

// spread makes the connections that a long way is worth from the beginning, without
// waiting for them. It is called with the mutex held.
func (p *pool) spread() {
	if p.growing > 0 || p.open.Err() != nil || p.now().Before(p.patience) || !p.long() {
		return
	}
	for range min(together, min(abreast, p.mostLinks())-len(p.links())) {
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

// atMost is mostLinks for who does not hold the mutex.
func (p *pool) atMost() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.mostLinks()
}
