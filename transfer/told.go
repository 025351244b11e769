package transfer

import (
	"context"
	"maps"
	"slices"
	"sync"

	"gantry/connectors"
	"gantry/transfer/digest"
)

// told is what the source's place tells of a file that was taken from a listing, which
// has no digests. They come with the bytes where one request gives all of them, and are
// asked for beside the reading of the first part where the file has more than one.
type told struct {
	mu    sync.Mutex
	entry connectors.Entry
	asked chan struct{} // closed once the place has answered; nil = nobody asks
	err   error
}

func (t *told) hear(e connectors.Entry) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(e.Digests) > 0 {
		t.entry.Digests = e.Digests
	}
	if len(e.Stated) > 0 {
		t.entry.Stated = e.Stated
	}
}

// askAside asks for what a listing does not tell, of a file that comes in several
// requests. What has another version by now the reading finds out.
func (r *run) askAside(ctx context.Context) {
	if r.pinned == nil || r.plan().Count() < 2 {
		return
	}
	r.told.asked = make(chan struct{})
	go func() {
		defer close(r.told.asked)
		now, err := r.e.stat(ctx, r.job.Source.Place, r.path(), r.noteRetry)
		if r.told.err = err; err == nil && now.Version == r.source.Version {
			r.told.hear(now)
		}
	}()
}

// soon waits for the answer while the first part of the reading is held: not for long, a
// place may give bytes and tell nothing. What it tells later is compared as far as it can be.
func (t *told) soon(ctx context.Context) error {
	if t.asked == nil {
		return nil
	}
	short, cancel := context.WithTimeout(ctx, tolerance)
	defer cancel()
	select {
	case <-t.asked:
		return nil
	case <-short.Done():
		return context.Cause(ctx)
	}
}

// wait waits until nobody asks any more.
func (t *told) wait() {
	if t.asked != nil {
		<-t.asked
	}
}

// claims waits for what the source's place tells, and gives its digests and those that
// somebody has left beside the file.
func (r *run) claims(ctx context.Context) (theirs, stated connectors.Digests, err error) {
	if r.told.asked != nil {
		select {
		case <-r.told.asked:
		case <-ctx.Done():
			return nil, nil, context.Cause(ctx)
		}
	}
	theirs, stated = r.claimed()
	return theirs, stated, nil
}

// claimed is what is known by now.
func (r *run) claimed() (theirs, stated connectors.Digests) {
	r.told.mu.Lock()
	defer r.told.mu.Unlock()
	return joined(r.source.Digests, r.told.entry.Digests), joined(r.source.Stated, r.told.entry.Stated)
}

func joined(a, b connectors.Digests) connectors.Digests {
	if len(b) == 0 {
		return a
	}
	all := maps.Clone(b)
	maps.Copy(all, a)
	return all
}

// fullySummed computes those of the digests that the only part of a file lacks: which of
// them are worth it is known by now.
func (p *piece) fullySummed(want []connectors.Algorithm) error {
	lack := slices.DeleteFunc(slices.Clone(want), func(a connectors.Algorithm) bool { return p.part.Digests[a] != "" })
	if len(lack) == 0 {
		return nil
	}
	sums, err := digest.Of(p.data, lack...)
	maps.Copy(p.part.Digests, sums)
	return err
}
