package ftp

import (
	"context"
	"errors"
	"os"
	"time"
)

// How long a session is kept that nobody uses, and how often it shows life.
const (
	keepIdle  = 3 * time.Minute
	showAlive = 25 * time.Second
)

// wake tells whether a session that nobody has used is as it was: a server that has ended
// it, or said anything, has made it useless.
func (s *session) wake() bool {
	if s.control.in.Buffered() > 0 {
		return false
	}
	if silent(s.raw) {
		return true
	}
	// Over TLS, what has come may be no words.
	s.control.reads = deadline{}
	if err := s.control.SetReadDeadline(time.Now().Add(time.Millisecond)); err != nil {
		return false
	}
	_, err := s.control.in.Peek(1)
	return errors.Is(err, os.ErrDeadlineExceeded)
}

// upkeep keeps idle sessions alive, and ends those that nobody needs, until ctx
// ends.
func (p *pool) upkeep(ctx context.Context) {
	tick := time.NewTicker(showAlive)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		for range p.resting() {
			s := p.oldest()
			if s == nil {
				break
			}
			if p.now().Sub(s.since) > keepIdle || !s.noop() {
				p.end(s)
				continue
			}
			p.back(s)
		}
	}
}

// noop shows the server that we are there.
func (s *session) noop() bool {
	if !s.wake() {
		return false
	}
	_, err := s.control.ask("NOOP")
	return err == nil && s.usable()
}
