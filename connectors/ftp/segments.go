package ftp

import (
	"context"
	"io"
	"sync"
	"time"

	"github.com/jlaffaye/ftp"

	"gantry/connectors"
)

// A large file is read over several sessions side by side where one is slow: its
// server, or the way to it, gives each connection a share only. Where they turn out
// not to be faster, because one has the whole line, one goes on alone: what is under
// way when a transfer is cut short is lost. Measured in segments_test.go.
const (
	segment   = 8 << 20 // bytes of a piece, and what each session has in memory at most
	worthMore = 5       // segments that have to be left
	trial     = 3       // segments that show whether several sessions are faster
	gain      = 1.2     // by which they have to be
	fast      = 8 << 20 // bytes/s from which on one session is left alone: it has all of most lines then
)

// pace measures how fast bytes arrive, without the time that the reader takes.
type pace struct {
	fast  float64 // bytes/s that are enough
	bytes int64
	took  time.Duration

	laps   int // segments that came, of which the first is slow on a long way
	before int64
	since  time.Duration
	last   float64 // bytes/s of the last one
}

func (p *pace) read(from io.Reader, b []byte) (int, error) {
	began := time.Now()
	n, err := from.Read(b)
	p.took += time.Since(began)
	p.bytes += int64(n)
	if lap := p.bytes - p.before; lap >= segment {
		p.laps, p.last = p.laps+1, float64(lap)/max(p.took-p.since, time.Microsecond).Seconds()
		p.before, p.since = p.bytes, p.took
	}
	return n, err
}

func (p *pace) slow() bool { return p.laps > 1 && p.last < p.fast }

// segments are pieces of a file that are fetched ahead of its reader, from first
// on, each by whichever session is free.
type segments struct {
	ctx     context.Context
	cancel  context.CancelFunc
	place   *place
	from    string
	first   int64 // offset
	last    int64 // offset after the last byte
	next    int64 // offset of the piece to be fetched next
	mu      sync.Mutex
	workers int           // that work, or wait for a session to do so
	slots   chan struct{} // one for each piece in memory
	pieces  chan chan piece
	rest    piece
}

type piece struct {
	data []byte
	err  error
}

// readBeside reads from the segments, once the reader has got there. It begins to
// fetch some when that is worth it.
func (d *download) readBeside(b []byte) (n int, err error, handled bool) {
	if d.beside == nil {
		d.considerBeside()
	}
	if d.beside == nil {
		return 0, nil, false
	}
	if ahead := d.beside.first - d.at; ahead > 0 {
		return d.readUpTo(b[:min(int64(len(b)), ahead)])
	}
	d.leaveBody()
	n, err = d.besides.read(d.beside, b)
	d.at, d.left = d.at+int64(n), d.left-int64(n)
	if err == nil && d.left > 2*segment && d.inVain() {
		d.place.alone.Store(true)
		d.beside.cancel()
		d.beside = nil
		err = d.goOn()
	}
	if err == nil && d.left == 0 {
		err = d.unchanged()
	}
	if err != nil {
		err = d.end(fail("read", d.path, err))
	}
	return n, err, true
}

// considerBeside asks for another session, and begins when there is one. The
// reader does not wait for it.
func (d *download) considerBeside() {
	if d.helper == nil && !d.pinned && !d.place.alone.Load() && d.pace.slow() && d.left >= worthMore*segment && d.place.connections > 2 {
		helper := make(chan *session, 1)
		d.helper = helper
		go func() { helper <- d.place.pool.spare(d.ctx) }()
	}
	select {
	case s := <-d.helper:
		d.helper = spent
		switch {
		case s == nil:
		case d.left < 2*segment:
			d.place.pool.give(s, true)
		default:
			d.beside = d.place.fetchBeside(d.ctx, s, d.from, d.at+segment, d.at+d.left)
		}
	default:
	}
}

// spent gives no session any more.
var spent = func() chan *session { c := make(chan *session); close(c); return c }()

// inVain tells whether several sessions have turned out to be no faster than one.
func (d *download) inVain() bool {
	b := d.besides
	return b.laps == trial && b.last < gain*d.pace.last
}

// endBeside gives up what is under way. Nobody waits for it.
func (d *download) endBeside() {
	if d.beside != nil {
		d.beside.cancel()
		return
	}
	if helper := d.helper; helper != nil {
		go func() {
			select {
			case s := <-helper:
				if s != nil {
					d.place.pool.give(s, true)
				}
			case <-d.place.pool.open.Done():
			}
		}()
	}
}

// readUpTo reads from the first transfer, as far as the segments do not reach.
func (d *download) readUpTo(b []byte) (int, error, bool) {
	n, err := d.body.Read(b)
	d.at, d.left = d.at+int64(n), d.left-int64(n)
	switch {
	case err == io.EOF:
		err = d.end(cut("read", d.path, "the server ends it %d bytes early%s", d.left, d.why()))
	case err != nil:
		err = d.end(d.broken(err))
	}
	return n, err, true
}

// leaveBody cuts the first transfer short, whose session then helps the others.
func (d *download) leaveBody() {
	if d.body == nil {
		return
	}
	body, s, g := d.body, d.s, d.beside
	d.body, d.s = nil, nil
	d.stop()
	g.mu.Lock()
	g.workers++
	g.mu.Unlock()
	go func() {
		s.cutShort(body)
		g.work(s)
	}()
}

// unchanged makes sure that all segments are of the same file: one session reads
// one file, whatever becomes of its name, but several may meet two.
func (d *download) unchanged() error {
	now, err := ask(d.ctx, d.place, "read", d.path, func(s *session) (connectors.Entry, error) { return d.place.file(s, "read", d.from) })
	if err == nil && !now.SameVersion(d.entry) {
		err = replaced(d.path, d.entry, now)
	}
	return err
}

func replaced(path string, was, is connectors.Entry) error {
	return connectors.Errorf(connectors.KindChanged, "read", path, "it was %d bytes of %v and is %d of %v", was.Size, was.ModTime, is.Size, is.ModTime)
}

// fetchBeside fetches from first to last, over s and as many more sessions as there
// are to spare.
func (p *place) fetchBeside(ctx context.Context, s *session, from string, first, last int64) *segments {
	most := p.besides() // the first transfer's session comes free
	g := &segments{place: p, from: from, first: first, last: last, next: first}
	g.ctx, g.cancel = context.WithCancel(ctx)
	g.slots, g.pieces = make(chan struct{}, most), make(chan chan piece, most+1)
	g.workers = most
	for range most - 1 {
		go func() { g.work(p.pool.spare(g.ctx)) }()
	}
	go g.work(s)
	return g
}

// work fetches pieces until there are no more, or somebody else wants the session.
func (g *segments) work(s *session) {
	defer g.leave()
	if s == nil {
		return
	}
	stop := s.until(g.ctx)
	defer func() { stop(); g.place.pool.give(s, true) }()
	for s.usable() && !g.dispensable() {
		at, n, result := g.claim()
		if result == nil {
			return
		}
		data, body, err := g.fetch(s, at, n)
		result <- piece{data, err}
		if body != nil {
			s.cutShort(body)
		}
		if err != nil {
			return
		}
	}
}

// dispensable tells whether the others can go on without one, for somebody else.
func (g *segments) dispensable() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.workers > 1 && g.place.pool.wanted()
}

// leave is for a worker that ends. The last one tells the reader if it leaves
// anything undone.
func (g *segments) leave() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.workers--; g.workers > 0 || g.next >= g.last || g.ctx.Err() != nil {
		return
	}
	g.next = g.last
	result := make(chan piece, 1)
	result <- piece{err: connectors.Errorf(connectors.KindUnavailable, "read", g.from, "the connections were lost")}
	g.pieces <- result
}

// claim takes the next piece, in the order in which they will be read.
func (g *segments) claim() (at, n int64, result chan piece) {
	select {
	case g.slots <- struct{}{}:
	case <-g.ctx.Done():
		return 0, 0, nil
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.next >= g.last {
		<-g.slots
		return 0, 0, nil
	}
	at = g.next
	n = min(segment, g.last-at)
	g.next += n
	result = make(chan piece, 1)
	g.pieces <- result
	return at, n, result
}

func (g *segments) fetch(s *session, at, n int64) ([]byte, *ftp.Response, error) {
	body, err := s.retrieve(g.from, at)
	if err != nil {
		return nil, nil, err
	}
	data := make([]byte, n)
	got, err := io.ReadFull(body, data)
	if err == io.ErrUnexpectedEOF || err == io.EOF {
		err = cut("read", g.from, "a piece ends after %d of %d bytes", got, n)
	}
	return data[:got], body, err
}

// Read implements io.Reader.
func (g *segments) Read(b []byte) (int, error) {
	for len(g.rest.data) == 0 {
		if g.rest.err != nil {
			return 0, g.rest.err
		}
		select {
		case result := <-g.pieces:
			select {
			case g.rest = <-result:
				select {
				case <-g.slots:
				default: // the word that there is no more takes none
				}
			case <-g.ctx.Done():
				return 0, g.ctx.Err()
			}
		case <-g.ctx.Done():
			return 0, g.ctx.Err()
		}
	}
	n := copy(b, g.rest.data)
	g.rest.data = g.rest.data[n:]
	return n, nil
}
