package sftp

import (
	"cmp"
	"context"
	"sync"
	"time"

	"gantry/connectors"
	tcp "gantry/connectors/link"
)

// pool keeps the sessions of a place. It makes the first one when it is needed,
// again after all were lost, and more in the background while those that there
// are have more to do than one can: connections first, then further sessions on
// them, each of which has a window of its own.
type pool struct {
	config
	now   func() time.Time
	idle  time.Duration   // after which a connection that is not needed is closed
	open  context.Context // ends when the place is closed
	close context.CancelFunc

	mu       sync.Mutex
	conns    []*conn
	first    *attempt  // to make a session while there is none
	growing  int       // sessions in the making beside the first
	refusals int       // in a row, of growing
	patience time.Time // before that, the pool does not try to grow
	refusal  error     // the last one
	gain     gain      // of connections on a long way
	group    sync.WaitGroup
}

// An attempt is a session in the making, which many may wait for.
type attempt struct {
	done chan struct{}
	conn *conn
	err  error
}

// most is how many sessions, each with windows of 2 MiB, share a connection: what makes
// a long way full, while TCP's own window on a shorter one is rarely larger than two of
// them. Next door a second one only costs processors and memory. OpenSSH makes a process of each session. Others mix them up: ProFTPD 1.3.8 calls one's
// handles invalid when another is at work.
func (l *link) most() int {
	switch {
	case !l.isOpenSSH(), l.nextDoor():
		return 1
	case l.wire.roundTrip >= tcp.Far:
		return 4
	default:
		return 2
	}
}

func newPool(c config) *pool {
	p := &pool{config: c, now: time.Now, idle: time.Minute}
	p.open, p.close = context.WithCancel(context.Background())
	return p
}

// take gives the session with the least to do. It is released after use.
func (p *pool) take(ctx context.Context) (*conn, error) {
	return p.takeAmong(ctx, func(*conn) bool { return true })
}

// takeAmong is take from some of the sessions, or from all if there is none of those.
func (p *pool) takeAmong(ctx context.Context, some func(*conn) bool) (*conn, error) {
	for {
		p.mu.Lock()
		c, err := p.idlest(some)
		if c != nil || err != nil {
			if c != nil && c.enter() > 1 {
				p.grow()
			}
			p.mu.Unlock()
			return c, err
		}
		a := p.first
		if a == nil {
			a = &attempt{done: make(chan struct{})}
			p.first = a
			p.group.Go(func() { p.begin(a) })
		}
		p.mu.Unlock()
		select {
		case <-a.done:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
		if a.err != nil {
			return nil, a.err
		}
	}
}

// spare gives a session that is none of those and through which no bytes run in this
// direction, or none, and then has the pool grow. It is left after use.
func (p *pool) spare(direction int, except func(*conn) bool) *conn {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.prune()
	for _, c := range p.conns {
		if !except(c) && c.ways[direction].flows.CompareAndSwap(0, 1) {
			c.enter()
			return c
		}
	}
	p.grow()
	return nil
}

// idlest is called with the mutex held, as are the functions below that do not
// take it.
func (p *pool) idlest(some func(*conn) bool) (*conn, error) {
	if p.open.Err() != nil {
		return nil, connectors.Errorf(connectors.KindOther, "use", p.url, "the place was closed")
	}
	p.prune()
	var best, other *conn
	for _, c := range p.conns {
		if some(c) {
			best = idler(best, c)
		} else {
			other = idler(other, c)
		}
	}
	return cmp.Or(best, other), nil
}

// idler is the one of two with less to do; a may be nil.
func idler(a, b *conn) *conn {
	if a == nil || b.busy.Load() < a.busy.Load() {
		return b
	}
	return a
}

// prune forgets sessions that have ended, and links without sessions.
func (p *pool) prune() {
	kept := p.conns[:0]
	for _, c := range p.conns {
		if c.alive() {
			kept = append(kept, c)
			continue
		}
		if c.link.sessions--; c.link.sessions == 0 {
			c.link.end()
		}
	}
	clear(p.conns[len(kept):])
	p.conns = kept
}

// begin makes the first session.
func (p *pool) begin(a *attempt) {
	c, err := p.connect()
	p.mu.Lock()
	defer p.mu.Unlock()
	if err == nil {
		p.add(c)
	}
	a.conn, a.err, p.first = c, err, nil
	close(a.done)
}

// connect makes a connection with a session.
func (p *pool) connect() (*conn, error) {
	l, err := dial(p.open, p.config)
	if err != nil {
		return nil, err
	}
	c, err := newConn(p.open, l, p.config)
	if err != nil {
		l.end()
	}
	return c, err
}

func (p *pool) add(c *conn) {
	if p.open.Err() != nil {
		c.link.end()
		return
	}
	if c.link.sessions++; c.link.sessions == 1 {
		go p.tend(c.link)
	}
	p.conns = append(p.conns, c)
}

// grow makes one more session in the background, unless one is being made, there
// are enough, or the server has refused one lately. On a long way it makes several
// connections at once.
func (p *pool) grow() {
	if p.open.Err() != nil || p.now().Before(p.patience) {
		return
	}
	if p.spread(); p.growing > 0 {
		return
	}
	on := p.widest()
	if on == nil && (len(p.links()) >= p.mostLinks() || p.far() && !p.gain.wants(p.now(), p.movedSoFar())) {
		return
	}
	p.growing++
	p.group.Go(func() { p.growBy(on) })
}

func (p *pool) links() map[*link]bool {
	all := map[*link]bool{}
	for _, c := range p.conns {
		all[c.link] = true
	}
	return all
}

// widest gives a link that may have one more session.
func (p *pool) widest() *link {
	for l := range p.links() {
		if !l.full && l.sessions < p.mostOn(l) {
			return l
		}
	}
	return nil
}

// growBy makes a session on a link that takes one more, which is quicker than another
// connection, and then connections. It lives with a server that wants no more of them by
// asking more and more rarely.
func (p *pool) growBy(on *link) {
	var made *conn
	var err error
	if on != nil {
		made, err = newConn(p.open, on, p.config)
	} else {
		made, err = p.connect()
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.growing--
	if made != nil {
		p.add(made)
		p.refusals = 0
		if on == nil {
			p.gain.added()
		}
		return
	}
	p.refusal = err
	if on == nil && p.now().Before(p.patience) { // several were tried at once
		return
	}
	if on != nil { // then there may be another connection
		on.full = true
		return
	}
	const shortest, most = 15 * time.Second, 6
	p.refusals = min(p.refusals+1, most)
	p.patience = p.now().Add(shortest << (p.refusals - 1))
}

// tend closes the link once nobody has used it for a while, if there are others.
func (p *pool) tend(l *link) {
	tick := time.NewTicker(p.idle)
	defer tick.Stop()
	for {
		select {
		case <-l.done:
			return
		case <-tick.C:
			p.retire(l)
		}
	}
}

func (p *pool) retire(l *link) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.prune()
	if len(p.links()) < 2 {
		return
	}
	for _, c := range p.conns {
		if c.link == l && (c.busy.Load() > 0 || len(c.handles) > 0 || c.used.Swap(false)) {
			return
		}
	}
	l.end()
	p.prune()
}

// shut ends the pool and gives the sessions that it had.
func (p *pool) shut() []*conn {
	p.close()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.prune()
	conns := p.conns
	p.conns = nil
	return conns
}
