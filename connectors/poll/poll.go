// Package poll tells of changes in a place that cannot tell of them itself: it
// lists the place from time to time and compares.
//
//   - The first complete listing is what everything is compared with, and is told
//     only with Options.All.
//   - A file is told as removed when a second complete listing lacks it. One that breaks off
//     concludes nothing from what it lacks, and neither does any of a place whose
//     listings are doubtful (connectors.Traits.DoubtfulLists).
//   - What changes and changes back between two listings is not seen.
//   - It keeps about 150 bytes and the path of each file in memory, for at most
//     Options.Most files.
package poll

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"gantry/connectors"
)

// Options say how to poll. Clock and pause are given, never taken.
type Options struct {
	Interval func() time.Duration                             // from the end of a listing to the next
	Now      func() time.Time                                 // for Event.At of what is gone, and for Event.Order
	Pause    func(ctx context.Context, d time.Duration) error // returns ctx's error when that ends; nil: a timer
	All      bool                                             // tell of the files of the first listing too
	Most     int                                              // files; below 1: a million
	Failed   func(err error, next time.Duration)              // told of a listing that will be made again; nil: it ends Notify
}

// New makes a Notifier of a source. Notify for one prefix goes on where the last
// one for it ended, so that what handle has refused is told again; it may run once
// at a time for each prefix, which are listed apart.
func New(source connectors.Source, o Options) connectors.Notifier {
	if o.Most < 1 {
		o.Most = 1_000_000
	}
	if o.Pause == nil {
		o.Pause = pause
	}
	p := &poller{source: source, o: o, known: make(map[string]*watched)}
	if place, ok := source.(connectors.Place); ok {
		p.doubtful = place.Traits().DoubtfulLists
	}
	return p
}

func pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}

type poller struct {
	source   connectors.Source
	o        Options
	doubtful bool

	mu    sync.Mutex
	known map[string]*watched // by prefix
}

// A watched prefix is what the last listing told.
type watched struct {
	busy  sync.Mutex
	based bool   // there was a complete listing
	files []file // by path
}

// Notify implements connectors.Notifier. A listing that fails and may succeed
// later (connectors.Retryable) is told to Options.Failed and made again after the
// interval, or the pause that the place asks for; any other ends it.
func (p *poller) Notify(ctx context.Context, prefix string, handle func(context.Context, connectors.Event) error) error {
	w := p.watch(prefix)
	if !w.busy.TryLock() {
		return connectors.Errorf(connectors.KindInvalid, "watch", prefix, "it is watched already")
	}
	defer w.busy.Unlock()
	for {
		next := p.o.Interval()
		if err := p.look(ctx, prefix, w, handle); err != nil {
			var refused *refusal
			switch {
			case errors.As(err, &refused):
				return refused.err
			case ctx.Err() != nil || p.o.Failed == nil || !connectors.Retryable(err):
				return err
			}
			var e *connectors.Error
			if errors.As(err, &e) {
				next = max(next, e.After)
			}
			p.o.Failed(err, next)
		}
		if err := p.o.Pause(ctx, next); err != nil {
			return err
		}
	}
}

func (p *poller) watch(prefix string) *watched {
	p.mu.Lock()
	defer p.mu.Unlock()
	w, ok := p.known[prefix]
	if !ok {
		w = &watched{}
		p.known[prefix] = w
	}
	return w
}

// A refusal is an error of handle, which ends Notify as it is.
type refusal struct{ err error }

func (r *refusal) Error() string { return r.err.Error() }

// look lists once and tells of the difference.
func (p *poller) look(ctx context.Context, prefix string, w *watched, handle func(context.Context, connectors.Event) error) error {
	s := &scan{w: w, silent: !w.based && !p.o.All, now: p.o.Now().UTC(), most: p.o.Most}
	s.tell = func(e connectors.Event) error {
		if err := handle(ctx, e); err != nil {
			return &refusal{err}
		}
		return nil
	}
	err := s.list(p.source.List(ctx, prefix))
	if err == nil {
		err = ctx.Err() // an ended listing may look complete
	}
	concluded := s.finish(err == nil, err == nil && !p.doubtful)
	if err != nil {
		return err
	}
	return concluded
}

func errTooMany(most int) error {
	return &connectors.Error{
		Kind: connectors.KindUnsupported, Op: "watch", Err: fmt.Errorf("there are more than %d files", most),
		Remedy: "watch a folder of it, or use a place that tells of changes itself",
	}
}
