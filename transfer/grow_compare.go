package transfer

import (
	"context"
	"time"

	"gantry/connectors"
	"gantry/transfer/digest"
	"gantry/transfer/growing"
)

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
	for _, d := range r.deliveries {
		d.doubtProofs()
	}
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
