package main

import (
	"gantry/transfer"
	"gantry/transfer/pace"
	"gantry/transfer/steer"
)

// proofs tell how much of a copy is read back to prove it: the same place reads large
// files back and digests small ones, or the other way about.
type proofs struct {
	expected bool  // that files are read back, before one was begun
	read     int64 // bytes of files that are there and were read back
	not      int64 // of those that were proved otherwise
	had      int64 // of either, what was found there
}

// end takes a file that is there.
func (p *proofs) end(r result) {
	switch {
	case r.Outcome == outcomePresent || r.Receipt == nil || len(r.Receipt.Copies) == 0:
		p.had += r.Size
	case r.Receipt.Copies[0].Proof == transfer.ProofReadback:
		p.read += r.Size
	default:
		p.not += r.Size
	}
}

// stage is the reading back of the whole copy. Files that have not begun are thought to
// be proved as those that have.
func (p *proofs) stage(s *steer.Status, limit int64) pace.Stage {
	read, not, done := p.read, p.not, p.read
	for _, f := range s.Running {
		switch {
		case len(f.Destinations) == 0: // it has not begun
		case readsBack(f):
			read, done = read+f.Size, done+proved(f)
		default:
			not += f.Size
		}
	}
	share := 0.0
	switch {
	case read+not > 0:
		share = float64(read) / float64(read+not)
	case p.expected:
		share = 1
	}
	later := max(0, s.Bytes-p.had-read-not)
	return pace.Stage{Done: done, Total: read + int64(share*float64(later)), Limit: limit}
}

// readsBack tells whether a file is going to be read at one of its destinations.
func readsBack(f transfer.Progress) bool {
	for _, d := range f.Destinations {
		if d.Proof == transfer.ProofReadback || d.Phase == transfer.PhaseVerify {
			return true
		}
	}
	return false
}

// limits are those of the files that were under way last, in bytes a second; 0 = none.
type limits struct{ send, proof int64 }

func (l *limits) look(running []transfer.Progress) {
	for _, f := range running {
		for _, d := range f.Destinations {
			l.send, l.proof = d.SendLimit, d.ProofLimit
			return
		}
	}
}
