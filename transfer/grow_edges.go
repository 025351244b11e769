package transfer

import (
	"context"
	"maps"
	"slices"

	"gantry/connectors"
	"gantry/transfer/digest"
)

// edge is how many parts are read again at each end; more as long as the innermost
// of them has changed.
const edge = 2

// readEdges reads again what a recorder is known to mend: the parts at both ends,
// and, of an MXF file, those with a partition. It gives the digests that were
// computed as the file came, if nothing of it has changed. If something has, and
// somebody has asked for digests by name, all of it is read.
func (g *growth) readEdges(ctx context.Context, size int64, hashes *stream) (connectors.Digests, error) {
	count := g.run.plan().Close(size).Count()
	todo := map[int]bool{}
	for n := range edge {
		todo[1+n], todo[count-n] = true, true
	}
	offsets, err := g.partitions(ctx, size)
	if err != nil {
		return nil, err
	}
	for _, offset := range offsets {
		todo[g.partAt(offset)], todo[g.partAt(min(offset+partitionPack, size-1))] = true, true
	}
	read, mended := map[int]bool{}, 0
	for len(todo) > 0 {
		changed, err := g.compareParts(ctx, size, slices.Sorted(maps.Keys(todo)))
		if err != nil {
			return nil, err
		}
		maps.Copy(read, todo)
		clear(todo)
		for _, n := range changed {
			for _, near := range []int{n - 1, n + 1} {
				if near >= 1 && near <= count && !read[near] {
					todo[near] = true
				}
			}
		}
		mended += len(changed)
	}
	if sums := hashes.end(); mended == 0 && sums != nil {
		return maps.Clone(sums), nil
	}
	if g.run.job.named() {
		g.full = true
		return g.readAll(ctx, size)
	}
	return connectors.Digests{}, nil
}

// partAt is the number of the part that has the byte at an offset.
func (g *growth) partAt(offset int64) int {
	return g.run.plan().Close(offset + 1).Count()
}

// compareParts reads parts again, and returns those that have changed.
func (g *growth) compareParts(ctx context.Context, size int64, numbers []int) (changed []int, err error) {
	plan := g.run.plan().Close(size)
	s := g.again()
	s.parts = func(yield func(connectors.Part) bool) {
		for _, n := range numbers {
			if n >= 1 && n <= plan.Count() && !yield(plan.Part(n)) {
				return
			}
		}
	}
	s.each = func(_ context.Context, p *piece) error {
		defer p.drop()
		if g.mend(p.part) {
			changed = append(changed, p.part.Number)
		}
		return nil
	}
	return changed, s.run(ctx, g.run.e, g.run.share)
}

// bytes reads a few bytes of the source.
func (g *growth) bytes(ctx context.Context, offset, length int64) ([]byte, error) {
	s := g.again()
	buffer := make([]byte, length)
	none, _ := digest.New()
	r := g.run.e.retrier(s.note)
	for {
		n, err := s.readInSlot(ctx, g.run.e, s.tape(ctx), offset, buffer, none)
		if err == nil {
			return buffer, nil
		}
		if taken(err) {
			if err := ready(ctx, s.flow); err != nil {
				return nil, err
			}
			continue
		}
		if missing(err) {
			if changed := g.doubt(ctx); changed != nil {
				return nil, changed
			}
			err = s.back(err)
		}
		if n == len(buffer) || !r.again(ctx, err) {
			return nil, ended(ctx, err)
		}
	}
}

// mostHeld is the share of a file that is kept back at most: an eighth.
const mostHeld = 8

// keepBack tells whether to leave a part to the end, because it is sure to be mended
// then: it has an MXF partition that does not know its footer yet. A part that has to
// come in order, or is to be read by others meanwhile, is not kept back.
func (g *growth) keepBack(p *piece) bool {
	for _, d := range g.run.deliveries {
		if d.traits.Sequential || d.to.Reveal != "" {
			return false
		}
	}
	if p.part.Number == 1 || (g.held+p.part.Size)*mostHeld > p.part.Offset+p.part.Size || !openPartition(p.data) {
		return false
	}
	g.held += p.part.Size
	return true
}
