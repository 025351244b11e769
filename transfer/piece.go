package transfer

import (
	"sync/atomic"

	"gantry/connectors"
)

// A piece is a part in memory. Whoever is handed it drops it once.
type piece struct {
	part    connectors.Part // with its digests, once it is filled
	data    []byte
	short   bool // the place had fewer bytes than it should
	share   *share
	holders atomic.Int32
	spoiled atomic.Bool
}

func newPiece(s *share, data []byte) *piece {
	p := &piece{data: data, share: s}
	p.holders.Store(1)
	return p
}

func (p *piece) hold() { p.holders.Add(1) }

func (p *piece) drop() {
	if p.holders.Add(-1) == 0 {
		p.share.giveBack(p.data, p.spoiled.Load())
	}
}

// spoil says that somebody does not let go of the data, who is one of its holders.
func (p *piece) spoil() {
	if p.spoiled.Swap(true) {
		return
	}
	p.share.m.mu.Lock()
	defer p.share.m.mu.Unlock()
	p.share.hang(classOf(int64(len(p.data))))
}
