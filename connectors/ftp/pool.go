package ftp

import (
	"context"
	"errors"
	"sync"
	"time"

	"gantry/connectors"
)

// pool keeps the sessions of a place: no more than there may be at once, and each
// for one goroutine at a time.
type pool struct {
	config
	open context.Context // ends when the place is closed
	met  func(*session)  // is told of each new session
	list func() bool     // new sessions list by LIST
	now  func() time.Time

	mu      sync.Mutex
	changed chan struct{} // closed and made anew whenever there may be room
	idle    []*session    // the last one was used last
	live    map[*session]bool
	busy    int // sessions in use or being made
	streams int // of those, the ones that files are read through
	waiting int // calls that wait for a session
	limit   int // how many there may be
	lowered time.Time
}

// forgive is how long a limit that the server has shown us is kept to: others may
// have taken the connections meanwhile.
const forgive = time.Minute

func newPool(c config, open context.Context, now func() time.Time) *pool {
	p := &pool{config: c, open: open, now: now, changed: make(chan struct{}), live: map[*session]bool{}, limit: c.connections}
	go p.upkeep(open)
	return p
}

// take gives a session, made anew if need be. A stream is held for as long as its
// reader likes: so that the calls in between get through, streams leave one
// session free, if there may be more than one.
func (p *pool) take(ctx context.Context, stream bool) (*session, error) {
	patience := time.NewTimer(p.timeout)
	defer patience.Stop()
	for {
		s, wait, err := p.try(ctx, stream)
		if s != nil || err != nil {
			return s, err
		}
		if err := p.await(ctx, wait, patience.C); err != nil {
			return nil, err
		}
	}
}

func (p *pool) await(ctx context.Context, room <-chan struct{}, patience <-chan time.Time) error {
	p.wait(1)
	defer p.wait(-1)
	select {
	case <-room:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-p.open.Done():
		return p.closed()
	case <-patience:
		return &connectors.Error{
			Kind: connectors.KindBusy, Op: "use", Path: p.url, Err: errors.New("all connections are in use"),
			Remedy: "raise the option connections, or close files that are open",
		}
	}
}

func (p *pool) wait(more int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.waiting += more
}

// wanted tells whether somebody waits for a session.
func (p *pool) wanted() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.waiting > 0
}

// spare gives a session for a stream if there is one that nobody else wants, or
// nil.
func (p *pool) spare(ctx context.Context) *session {
	if p.wanted() {
		return nil
	}
	s, _, err := p.try(ctx, true)
	if err != nil {
		return nil
	}
	return s
}

// try gives no session and what to wait for if there is no room now.
func (p *pool) try(ctx context.Context, stream bool) (*session, <-chan struct{}, error) {
	if err := ctx.Err(); err != nil {
		return nil, nil, err
	}
	s, room, wait := p.enter(stream)
	if !room {
		return nil, wait, nil
	}
	if s != nil {
		return s, nil, nil
	}
	s, err := p.make(ctx)
	if err == nil {
		return s, nil, nil
	}
	p.leave(stream)
	if connectors.KindOf(err) == connectors.KindBusy && p.lower() {
		return nil, now, nil
	}
	return nil, nil, err
}

// now is a wait that is over.
var now = func() <-chan struct{} { c := make(chan struct{}); close(c); return c }()

// enter takes room, and an idle session if there is one.
func (p *pool) enter(stream bool) (s *session, room bool, wait <-chan struct{}) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.limit < p.connections && p.now().Sub(p.lowered) > forgive {
		p.limit, p.lowered = p.limit+1, p.now()
	}
	if p.busy >= p.limit || stream && p.streams >= max(1, p.limit-1) {
		return nil, false, p.changed
	}
	p.busy++
	if stream {
		p.streams++
	}
	for len(p.idle) > 0 {
		s := p.idle[len(p.idle)-1]
		p.idle = p.idle[:len(p.idle)-1]
		if s.wake() {
			return s, true, nil
		}
		p.drop(s)
	}
	return nil, true, nil
}

// make logs in. It ends with the place, too.
func (p *pool) make(ctx context.Context) (*session, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(p.open, cancel)()
	s, err := login(ctx, p.config, p.list())
	if err != nil {
		if p.open.Err() != nil {
			err = p.closed()
		}
		return nil, err
	}
	p.met(s)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.live[s] = true
	if p.open.Err() != nil {
		p.drop(s)
		return nil, p.closed()
	}
	return s, nil
}

// give takes a session back. One that cannot be used again is ended.
func (p *pool) give(s *session, stream bool) {
	p.mu.Lock()
	if s.usable() && p.open.Err() == nil && s.noMLSD == p.list() {
		s.since = p.now()
		p.idle = append(p.idle, s)
	} else {
		p.drop(s)
	}
	p.mu.Unlock()
	p.leave(stream)
}

func (p *pool) leave(stream bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.busy--
	if stream {
		p.streams--
	}
	close(p.changed)
	p.changed = make(chan struct{})
}

// lower keeps to fewer sessions, after the server has refused one more. It tells
// whether there is one left to wait for.
func (p *pool) lower() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.live) == 0 {
		return false
	}
	p.limit, p.lowered = min(p.limit, len(p.live)), p.now()
	return true
}

// drop is for whoever holds the lock.
func (p *pool) drop(s *session) {
	delete(p.live, s)
	s.abort()
}

// close ends all sessions, those in use too.
func (p *pool) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for s := range p.live {
		p.drop(s)
	}
	p.idle = nil
}

func (p *pool) closed() error {
	return connectors.Errorf(connectors.KindOther, "use", p.url, "the place was closed")
}

// resting tells how many sessions are idle.
func (p *pool) resting() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.idle)
}

// oldest takes out the session that is idle for longest, nil if there is none.
func (p *pool) oldest() *session {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.idle) == 0 {
		return nil
	}
	s := p.idle[0]
	p.idle = p.idle[1:]
	return s
}

// back puts a session back that is idle still.
func (p *pool) back(s *session) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.open.Err() != nil {
		p.drop(s)
		return
	}
	p.idle = append(p.idle, s)
}

// end says goodbye to an idle session.
func (p *pool) end(s *session) {
	p.mu.Lock()
	defer p.mu.Unlock()
	_ = s.control.SetWriteDeadline(time.Now().Add(time.Second))
	_ = s.lib.Quit() // nobody waits for the answer
	p.drop(s)
}
