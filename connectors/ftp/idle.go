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

// rest begins to watch a session that nobody uses: a server that ends it, or says
// anything, makes it useless.
func (s *session) rest() {
	s.watch = make(chan error, 1)
	if err := s.control.SetReadDeadline(time.Time{}); err != nil {
		s.watch <- err
		return
	}
	in := s.control.in
	go func() {
		_, err := in.Peek(1)
		s.watch <- err
	}()
}

// wake ends the watch. It tells whether the session is as it was.
func (s *session) wake() bool {
	if err := s.control.SetReadDeadline(time.Unix(1, 0)); err != nil {
		return false
	}
	return errors.Is(<-s.watch, os.ErrDeadlineExceeded)
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
