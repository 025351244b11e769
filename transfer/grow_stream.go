package transfer

import (
	"sync"

	"gantry/connectors"
)

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
