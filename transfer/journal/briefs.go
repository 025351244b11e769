package journal

import (
	"cmp"
	"os"
	"slices"
	"sync"

	"github.com/zeebo/xxh3"
)

// Briefs are the jobs of small files: begun and finished within a moment, and then of no
// interest but for their receipts. They are appended to pages, files of records one after
// the other, instead of passing through the store, which would write each several times
// over and keep buffers for it. Where the latest record of a job lies is kept in memory.
//
// What is begun is in the page at once, so that a kill does not lose it, and a power cut
// may. A receipt is on the disk before its call returns. A page that is damaged when it is
// opened gives what comes before the damage, and is left as it is: a job of which nothing
// is known is done again.
type briefs struct {
	dir string

	mu    sync.Mutex
	by    map[uint64]brief // by the digest of the job's ID
	turn  uint32           // of the latest that is expected
	pages []*page          // by number, the oldest first; some may be lost; the last one is written to
}

// A brief is what is known of a job.
type brief struct {
	page uint32 // its number; 0 = it is not written yet
	at   uint32
	turn uint32 // tells it from others of the same job
	kind recordKind
}

// A page is a file of records.
type page struct {
	number uint32
	file   *os.File
	size   int64
	live   int  // records that count
	ended  bool // nothing is added to it any more
}

// pageSize is from when on a new page is begun.
const pageSize = 16 << 20

func digestOf(job string) uint64 { return xxh3.HashString(job) }

// latest tells what is known of a job.
func (b *briefs) latest(job string) brief {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.by[digestOf(job)]
}

// expect notes that a record is going to be written.
func (b *briefs) expect(r *record) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.turn++
	r.turn = b.turn
	b.put(r, brief{turn: r.turn, kind: r.kind})
}

// put has a record count from now on, and none before it; it needs the lock.
func (b *briefs) put(r *record, as brief) {
	id := digestOf(r.job)
	b.unlink(b.by[id])
	if r.kind == forgotten {
		delete(b.by, id)
	} else {
		b.by[id] = as
	}
}

func (b *briefs) unlink(old brief) {
	if p := b.page(old.page); p != nil {
		p.live--
	}
}

func (b *briefs) page(number uint32) *page {
	i, found := slices.BinarySearchFunc(b.pages, number, func(p *page, n uint32) int { return cmp.Compare(p.number, n) })
	if !found {
		return nil
	}
	return b.pages[i]
}

// write appends records, and makes them durable if one of them has to be.
func (b *briefs) write(list []*record) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	p, err := b.current()
	if err != nil {
		return err
	}
	var data []byte
	lasting := false
	starts := make([]int64, len(list))
	for i, r := range list {
		starts[i] = p.size + int64(len(data))
		data, lasting = r.append(data), lasting || r.kind != begun
	}
	if _, err = p.file.WriteAt(data, p.size); err == nil && lasting {
		b.mu.Unlock()
		err = syncData(p.file)
		b.mu.Lock()
		p.ended = err != nil // another sync would say that all is well
	}
	for i, r := range list {
		id := digestOf(r.job)
		switch {
		case b.by[id].turn != r.turn || r.kind == forgotten:
		case err != nil:
			delete(b.by, id)
		default:
			b.by[id] = brief{p.number, uint32(starts[i]), r.turn, r.kind}
			p.live++
		}
	}
	if err != nil {
		p.ended = p.file.Truncate(p.size) != nil || p.ended
		return err
	}
	p.size += int64(len(data))
	return b.tidy()
}

// missed says that a record, which may be nil, is not going to be written.
func (b *briefs) missed(r *record) {
	if r == nil {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.by[digestOf(r.job)].turn == r.turn {
		delete(b.by, digestOf(r.job))
	}
}

// tidy removes the oldest pages of which nothing counts. What a page says of jobs in
// older ones holds as long as there are any.
func (b *briefs) tidy() error {
	for len(b.pages) > 1 && b.pages[0].live == 0 {
		f := b.pages[0].file
		if err := os.Remove(f.Name()); err != nil {
			return err
		}
		_ = f.Close()
		b.pages = b.pages[1:]
	}
	return nil
}

func (b *briefs) close() (err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, p := range b.pages {
		if closed := p.file.Close(); err == nil {
			err = closed
		}
	}
	b.pages, b.by = nil, nil
	return err
}
