package transfer

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"sync"

	"gantry/connectors"
	"gantry/transfer/growing"
)

// grow is read for a source that is still written: it hands each part to the
// deliveries as soon as it is full, and compares what was sent with the file once
// that is finished. What has changed by then the deliveries send again.
func (r *run) grow(ctx context.Context) (connectors.Whole, error) {
	whole, err := r.growOn(ctx)
	if connectors.KindOf(err) == connectors.KindNotFound {
		err = fmt.Errorf("%w: %w", errDeleted, err)
	}
	return whole, err
}

func (r *run) growOn(ctx context.Context) (connectors.Whole, error) {
	closed := sync.OnceFunc(r.closeQueues)
	defer closed()
	g := r.growth
	hashes, err := g.stream()
	if err != nil {
		return connectors.Whole{}, err
	}
	defer hashes.end()
	for range rounds * 4 {
		state, err := g.follow(ctx, hashes)
		if err != nil {
			return connectors.Whole{}, err
		}
		whole, err := g.compare(ctx, state, hashes)
		if errors.Is(err, errGrewOn) {
			hashes.spoil()
			g.cut()
			continue
		}
		if err != nil {
			return connectors.Whole{}, err
		}
		closed()
		r.planned.Store(new(r.plan().Close(whole.Size)))
		return whole, r.expected(whole.Digests)
	}
	return connectors.Whole{}, &connectors.Error{
		Kind: connectors.KindTimeout, Op: "follow", Path: r.job.Source.Path, Err: errors.New("the recording is said to be finished, and is written to again and again"),
		Remedy: "find out who writes to it; the job goes on when it is run again",
	}
}

// errGrewOn says that a file that was taken as finished was written to after that.
var errGrewOn = errors.New("the file was written to after it seemed finished")

// follow passes over what comes until the file is finished.
func (g *growth) follow(ctx context.Context, hashes *stream) (growing.State, error) {
	r := g.run
	var state growing.State
	var failure error
	s := r.sourceScan()
	s.doubt = g.doubt
	s.follow = func(ctx context.Context) iter.Seq[connectors.Part] {
		return func(yield func(connectors.Part) bool) { state, failure = g.come(ctx, hashes, yield) }
	}
	s.each = func(ctx context.Context, p *piece) error {
		defer p.drop()
		g.put(p.part)
		hashes.take(p)
		r.hashed.Add(p.part.Size)
		if g.keepBack(p) {
			return nil
		}
		for _, d := range r.deliveries {
			d.offer(ctx, p)
		}
		return nil
	}
	err := s.run(ctx, r.e, r.share)
	if failure != nil && err == nil {
		err = failure
	}
	return state, err
}

// come yields the parts as they fill, and the rest of a finished file as the last
// one. Those that an earlier run has sent are not read again.
func (g *growth) come(ctx context.Context, hashes *stream, yield func(connectors.Part) bool) (state growing.State, err error) {
	plan := g.run.plan()
	for n := g.next(); ; n++ {
		part := plan.Part(n)
		if err := g.fits(part); err != nil {
			return state, err
		}
		if end := part.Offset + part.Size; state.Closed == "" {
			if state, err = g.wait(ctx, end+g.behind()); err != nil {
				return state, err
			}
		}
		if state.Closed != "" && state.Size <= part.Offset {
			return state, nil
		}
		part.Size = min(part.Size, state.Size-part.Offset)
		if g.takeOver(ctx, part) {
			hashes.spoil()
		} else if !yield(part) {
			return state, context.Cause(ctx)
		}
	}
}

// fits refuses a recording that is longer than its destinations take.
func (g *growth) fits(p connectors.Part) error {
	var traits []connectors.Traits
	for _, d := range g.run.deliveries {
		traits = append(traits, d.traits)
	}
	room := g.run.plan().Room(traits...)
	if room == 0 || p.Offset < room {
		return nil
	}
	return &connectors.Error{
		Kind: connectors.KindInvalid, Op: "follow", Path: g.run.job.Source.Path, Err: errors.New("the recording has become longer than its parts can hold"),
		Remedy: "send it again as a whole once it is finished",
	}
}

// doubt tells whether bytes that were there are not any more.
func (g *growth) doubt(ctx context.Context) error {
	r := g.run
	now, err := g.stat(ctx)
	switch {
	case err != nil:
		return err
	case now.Size < g.size.Load():
		return &connectors.Error{
			Kind: connectors.KindChanged, Op: "read", Path: r.job.Source.Path, Err: errShrunk,
			Remedy: "run the job again: it sends what is there now from its beginning",
		}
	}
	return nil
}

var errShrunk = errors.New("the recording has shrunk while it was sent")

// takeOver is for a part that an earlier run has sent to all destinations. What is
// believed of it is compared at the end, unless only the edges are.
func (g *growth) takeOver(ctx context.Context, p connectors.Part) bool {
	var known connectors.Part
	if !g.run.resumed() || g.identity == "" && g.run.job.GrowthVerify == GrowthEdges {
		return false
	}
	for _, d := range g.run.deliveries {
		if d.aside() {
			continue
		}
		part, ok := d.claim(ctx, p)
		if _, equal := part.Digests.Agree(known.Digests); !ok || !equal {
			return false
		}
		known = part
	}
	if known.Number == 0 {
		return false
	}
	known.ETag = ""
	if !g.reached(ctx, p.Number-1) {
		return false
	}
	for _, d := range g.run.deliveries {
		d.confirm(known)
	}
	g.put(known)
	g.run.hashed.Add(known.Size)
	return true
}

// errDeleted says that there is nothing to go on with, unless the file comes back.
var errDeleted = errors.New("the recording is gone")
