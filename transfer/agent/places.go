package agent

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"time"

	"gantry/connectors"
)

// places opens locations, and shares what is open among all who name the same URL and options. A place that nobody
// has used for a while is closed. Its methods may be called at once from many goroutines.
type places struct {
	open  func(context.Context, connectors.Location) (connectors.Place, error)
	limit func(connectors.Location) connectors.Location // takes what the scheduler sees to out of a location; may be nil
	now   func() time.Time
	idle  time.Duration

	mu     sync.Mutex
	shared map[string]*sharedPlace
	named  map[string]connectors.Location // as they were last borrowed
}

type sharedPlace struct {
	ready chan struct{} // closed when place or err is set
	place connectors.Place
	err   error
	users int
	since time.Time // without users
	spent bool      // not to be given to anybody else
}

func newPlaces(open func(context.Context, connectors.Location) (connectors.Place, error), now func() time.Time) *places {
	return &places{open: open, now: now, idle: time.Minute, shared: map[string]*sharedPlace{}, named: map[string]connectors.Location{}}
}

// borrow opens a location, or joins those who have it open. The place is given back by one call of giveBack, with
// what came of its use.
func (p *places) borrow(ctx context.Context, l connectors.Location) (place connectors.Place, giveBack func(outcome error), err error) {
	if p.limit != nil {
		l = p.limit(l)
	}
	key := placeKey(l)
	s, mine := p.join(key, l)
	if mine {
		s.place, s.err = p.open(ctx, l)
		close(s.ready)
	}
	select {
	case <-s.ready:
	case <-ctx.Done():
		p.release(key, s, nil)
		return nil, nil, ctx.Err()
	}
	if s.err != nil {
		p.release(key, s, s.err)
		if !mine && connectors.KindOf(s.err) == connectors.KindCanceled && ctx.Err() == nil {
			return p.borrow(ctx, l) // the one who was opening it has gone
		}
		return nil, nil, s.err
	}
	return s.place, func(outcome error) { p.release(key, s, outcome) }, nil
}

func (p *places) join(key string, l connectors.Location) (s *sharedPlace, mine bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.named[l.Name] = l
	s, ok := p.shared[key]
	if !ok {
		s = &sharedPlace{ready: make(chan struct{})}
		p.shared[key] = s
	}
	s.users++
	return s, !ok
}

// byName is for those who know no more than the name, and use the place until ctx ends.
func (p *places) byName(ctx context.Context, name string) (connectors.Sink, error) {
	p.mu.Lock()
	l, ok := p.named[name]
	p.mu.Unlock()
	if !ok {
		return nil, connectors.Errorf(connectors.KindNotFound, "find location", name, "nothing has been moved there since the start")
	}
	place, giveBack, err := p.borrow(ctx, l)
	if err == nil {
		context.AfterFunc(ctx, func() { giveBack(nil) })
	}
	return place, err
}

// release counts a user out. A place that could not be opened, or on which a call failed for its own sake, is not
// shared any more: the next one opens it anew.
func (p *places) release(key string, s *sharedPlace, outcome error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	s.users--
	s.since = p.now()
	if outcome != nil && (outcome == s.err || !aboutContent(outcome)) {
		s.spent = true
		if p.shared[key] == s {
			delete(p.shared, key)
		}
	}
	if s.spent && s.users == 0 {
		_ = s.close() // it is known to be broken
	}
}

// aboutContent tells whether a failure says nothing about the connection.
func aboutContent(err error) bool {
	switch connectors.KindOf(err) {
	case connectors.KindUnavailable, connectors.KindTimeout, connectors.KindAuth, connectors.KindHostKey, connectors.KindOther:
		return false
	default:
		return true
	}
}

// sweep closes what has been idle for long enough.
func (p *places) sweep() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	var errs []error
	for key, s := range p.shared {
		if s.users == 0 && p.now().Sub(s.since) >= p.idle {
			delete(p.shared, key)
			errs = append(errs, s.close())
		}
	}
	return errors.Join(errs...)
}

// close closes all; nobody may be using a place any more.
func (p *places) close() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	var errs []error
	for key, s := range p.shared {
		delete(p.shared, key)
		errs = append(errs, s.close())
	}
	return errors.Join(errs...)
}

func (s *sharedPlace) close() error {
	if s.place == nil {
		return nil
	}
	return s.place.Close()
}

// placeKey is the same for locations that open to the same thing, whatever they are called.
func placeKey(l connectors.Location) string {
	fields := []string{l.URL}
	for name, value := range l.Options {
		fields = append(fields, name+"="+value)
	}
	slices.Sort(fields[1:])
	return strings.Join(fields, "\x00")
}
