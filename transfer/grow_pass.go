package transfer

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"sync"
	"time"

	"gantry/connectors"
	"gantry/transfer/digest"
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

// compare reads the finished file again, or its edges, and says what the whole is.
func (g *growth) compare(ctx context.Context, state growing.State, hashes *stream) (connectors.Whole, error) {
	r := g.run
	began := r.e.o.Now()
	entry, err := g.stat(ctx)
	if err == nil {
		entry, err = r.settled(ctx, entry)
	}
	switch {
	case err != nil:
		return connectors.Whole{}, err
	case entry.Size > state.Size:
		return connectors.Whole{}, errGrewOn
	case entry.Size < state.Size:
		return connectors.Whole{}, g.doubt(ctx)
	}
	g.ended.end()
	r.hashed.Store(0)
	whole := connectors.Whole{Size: entry.Size, ModTime: entry.ModTime}
	if r.job.GrowthVerify == GrowthEdges {
		whole.Digests, err = g.readEdges(ctx, entry.Size, hashes)
	} else {
		whole.Digests, err = g.readAll(ctx, entry.Size)
	}
	if err != nil {
		return whole, err
	}
	r.hashed.Store(entry.Size)
	now, err := g.stat(ctx)
	if err != nil {
		return whole, err
	}
	if !now.SameVersion(entry) {
		return whole, errGrewOn
	}
	whole.Parts = g.all()
	if whole.Digests[connectors.CRC64NVME], err = digest.CombineParts(whole.Parts); err != nil {
		return whole, err
	}
	g.closed, g.closedAt, r.source = state, began, entry
	r.e.log.InfoContext(ctx, "the recording is finished", "job", r.job.ID, "path", r.job.Source.Path, "rule", state.Closed,
		"size", entry.Size, "mended", g.mended, "compared", r.e.o.Now().Sub(began).Round(time.Millisecond))
	return whole, nil
}

// readAll reads all parts again, for all digests.
func (g *growth) readAll(ctx context.Context, size int64) (connectors.Digests, error) {
	hashes, err := g.run.startHashes(g.run.wanted())
	if err != nil {
		return nil, err
	}
	s := g.again()
	s.parts = g.run.plan().Close(size).All()
	s.each = func(_ context.Context, p *piece) error {
		defer p.drop()
		g.mend(p.part)
		g.run.hashed.Add(p.part.Size)
		hashes.take(p)
		return nil
	}
	err = s.run(ctx, g.run.e, g.run.share)
	return hashes.end(), err
}

// again is a scan of parts that were read before.
func (g *growth) again() scan {
	s := g.run.sourceScan()
	s.doubt = g.doubt
	return s
}

// mend takes the part as it is now. It tells whether that is another one.
func (g *growth) mend(p connectors.Part) bool {
	g.mu.Lock()
	was := g.parts[p.Number-1]
	g.mu.Unlock()
	common, equal := was.Digests.Agree(p.Digests)
	if common > 0 && equal && was.Size == p.Size {
		return false
	}
	g.put(p)
	g.mended++
	return true
}

// stream hashes a growing file as it comes: where nothing of it changes, its
// digests are those of the whole.
type stream struct {
	*hashes
	spoilt bool
	once   sync.Once
	sums   connectors.Digests
}

func (g *growth) stream() (*stream, error) {
	if g.run.job.GrowthVerify != GrowthEdges {
		return &stream{hashes: &hashes{}, spoilt: true}, nil
	}
	h, err := g.run.startHashes(g.run.wanted())
	return &stream{hashes: h}, err
}

func (s *stream) spoil() { s.spoilt = true }

func (s *stream) take(p *piece) {
	if !s.spoilt {
		s.hashes.take(p)
	}
}

// end gives the digests of what came, nil if it was not all.
func (s *stream) end() connectors.Digests {
	s.once.Do(func() { s.sums = s.hashes.end() })
	if s.spoilt {
		return nil
	}
	return s.sums
}

// errDeleted says that there is nothing to go on with, unless the file comes back.
var errDeleted = errors.New("the recording is gone")
