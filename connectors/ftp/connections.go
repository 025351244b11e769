package ftp

import "slices"

// How many sessions there are at most where the option connections leaves it to us. Small
// files are the faster the more there are, by a quarter and more from few to many; few are
// what most servers allow one address, with some left for others. Many are for servers that
// come without such a bound: one that was given one says so, and is kept to.
const (
	fewConnections  = 4
	manyConnections = 8
)

func (r reader) connections(name string) (most int, auto bool) {
	if r.Text(name) == "auto" {
		return fewConnections, true
	}
	return r.Number(name, 1, 64), false
}

// meetMany is for the first session, before anybody else has the place.
func (p *place) meetMany(software string) {
	if p.auto && slices.Contains([]string{vsFTPd, proFTPD}, software) {
		p.connections = manyConnections
		p.pool.raise(manyConnections)
	}
}

// raise lets there be more sessions.
func (p *pool) raise(most int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.connections, p.limit = most, most
}

// besides is over how many sessions one file is read: each has a piece of it in memory.
func (p *place) besides() int {
	if p.auto {
		return fewConnections - 1
	}
	return p.connections - 1
}
