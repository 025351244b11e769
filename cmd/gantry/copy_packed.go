package main

import (
	"context"
	"errors"
	"io/fs"
	"sync"

	"gantry/transfer"
)

// A packed copy has other bytes each time, so that nothing tells by comparing whether it
// is the copy of its source. The receipt of an earlier run of the same command does.

// packedCopies are the receipts of the last run of the same copy, by the jobs' IDs. They
// are read once, by the first file that is packed.
type packedCopies struct {
	once sync.Once
	by   map[string]transfer.Receipt
	err  error
}

func (p *packedCopies) of(transferID string) (map[string]transfer.Receipt, error) {
	p.once.Do(func() {
		l, err := receipts()
		if err != nil {
			p.err = err
			return
		}
		run, ok, err := l.Find(transferID)
		if err != nil || !ok {
			p.err = err
			return
		}
		p.by = map[string]transfer.Receipt{}
		for r, err := range results(run.Lines()) {
			if errors.Is(err, fs.ErrNotExist) {
				return // lost: nothing is known of it then
			}
			if err != nil {
				p.err = err
				return
			}
			if r.Receipt != nil && r.Receipt.Packed != nil && len(r.Receipt.Copies) == 1 {
				p.by[r.Receipt.Job] = *r.Receipt
			}
		}
	})
	return p.by, p.err
}

// packedBefore gives the journal the receipt of an earlier run, if what it is of is still
// there. The engine then finds out whether the source and the recipe are the same, too,
// before it believes it.
func (m *mover) packedBefore(ctx context.Context, job string, p pair) error {
	before, err := m.packed.of(m.steering.record.ID)
	if err != nil {
		return err
	}
	receipt, ok := before[job]
	if !ok {
		return nil
	}
	there, err := m.to.Stat(ctx, p.Destination)
	was := receipt.Copies[0].Entry
	if same := there.Version != "" && there.Version == was.Version && there.Size == was.Size; err != nil || !same && !there.SameVersion(was) {
		return nil // then it is sent
	}
	return m.journal.Finish(job, receipt)
}
