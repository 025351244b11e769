package transfer

import (
	"context"
	"io"
	"time"

	"gantry/connectors"
	"gantry/transfer/chunk"
	"gantry/transfer/growing"
	"gantry/transfer/journal"
)

// What a run does otherwise for a source that is still written; see growth.

// lookAtGrowth is look for such a source. An earlier run is gone on with as long as
// the file is the same one and has what was sent.
func (r *run) lookAtGrowth(ctx context.Context) error {
	g := &growth{run: r, source: r.job.Growth, finish: make(chan struct{}), more: make(chan struct{})}
	g.end = func() { g.once.Do(func() { close(g.finish) }) }
	state, err := g.source.Wait(ctx, 0)
	if err != nil {
		r.unseen = ended(ctx, err)
		return nil
	}
	g.seen(state)
	if r.source, r.unseen = r.e.stat(ctx, r.job.Source.Place, state.Path, r.noteRetry); r.unseen != nil {
		return nil
	}
	if r.receipt != nil && !r.receipt.Source.Entry.SameVersion(r.source) {
		r.receipt = nil
	}
	if _, moved := r.job.Source.Place.(*depot); moved {
		r.unseen = connectors.Errorf(connectors.KindUnsupported, "follow", r.job.Source.Path, "a place that moves whole files cannot be read while a file grows there; send it once it is finished")
		return nil
	}
	r.growth, g.began = g, r.source
	if g.identity, r.unseen = r.identify(ctx, state.Path); r.unseen != nil {
		return nil
	}
	if job := r.record.Job; job != nil && !r.same(*job, g.identity) {
		return r.startOver(ctx, "the recording is not the one of the last run")
	}
	return r.keepOn()
}

// identify gives the file's identity, where its place can tell.
func (r *run) identify(ctx context.Context, path string) (string, error) {
	i, ok := connectors.As[connectors.Identifier](r.job.Source.Place)
	if !ok {
		return "", nil
	}
	return retry(ctx, r.e.retrier(r.noteRetry), r.e.o.Stall, func(ctx context.Context) (string, error) { return i.Identity(ctx, path) })
}

// sameGrown tells whether the file is the one that an earlier run has followed: it
// may have grown since.
func (r *run) sameGrown(job journal.Job, identity string) bool {
	sent := int64(0)
	for _, parts := range r.record.Parts {
		for _, p := range parts {
			sent = max(sent, p.Offset+p.Size)
		}
	}
	return job.Source.Identity == identity && r.source.Size >= sent
}

// planOf is the plan of an earlier run, if its parts serve this one.
func (r *run) planOf(job journal.Job) (chunk.Plan, bool) {
	switch {
	case r.growth != nil:
		return job.Plan, job.Plan.Open()
	case job.Plan.Open():
		return job.Plan.Close(r.source.Size), true
	default:
		return job.Plan, job.Plan.Size == r.source.Size
	}
}

// resumed tells whether an earlier run has left something.
func (r *run) resumed() bool { return r.record.Job != nil }

// path is where the source is now.
func (r *run) path() string {
	if r.growth != nil {
		return *r.growth.where.Load()
	}
	return r.job.Source.Path
}

// openSource opens the source, also when it was renamed a moment ago.
func (r *run) openSource(ctx context.Context, offset, length int64) (io.ReadCloser, error) {
	path := r.path()
	stream, err := r.job.Source.Place.Open(ctx, path, offset, length)
	if r.growth != nil && connectors.KindOf(err) == connectors.KindNotFound {
		if now := r.growth.whereNow(ctx); now != path {
			return r.job.Source.Place.Open(ctx, now, offset, length)
		}
	}
	return stream, err
}

// whereNow looks for a file that is not where it was.
func (g *growth) whereNow(ctx context.Context) string {
	if state, err := g.source.Wait(ctx, 0); err == nil {
		g.seen(state)
	}
	return *g.where.Load()
}

// origin is how the journal holds the source.
func (r *run) origin() journal.Source {
	s := journal.Source{Location: r.job.Source.Location, Path: r.job.Source.Path}
	if r.growth != nil {
		s.Entry, s.Identity = r.growth.began, r.growth.identity
	} else {
		s.Entry = r.source
	}
	return s
}

// cut is how the journal holds the plan.
func (r *run) cut() chunk.Plan {
	if r.growth != nil {
		return r.plan().Close(-1)
	}
	return r.plan()
}

// described is what an upload is told of the file: -1 and no time while it grows.
func (r *run) described() (size int64, modified time.Time) {
	if plan := r.plan(); !plan.Open() {
		return plan.Size, r.source.ModTime
	}
	return -1, time.Time{}
}

// A Grown says how a file was sent that grew meanwhile.
type Grown struct {
	Rule   growing.Rule `json:"rule"`   // why it was taken as finished
	Closed time.Time    `json:"closed"` // when that was
	Verify string       `json:"verify"` // full or edges
	Mended int          `json:"mended"` // parts that were other ones at the end than when they were sent
}

// grown is nil for a source that was finished.
func (g *growth) grown() *Grown {
	if g == nil {
		return nil
	}
	verify := "full"
	if g.run.job.GrowthVerify == GrowthEdges && !g.full {
		verify = string(GrowthEdges)
	}
	return &Grown{Rule: g.closed.Closed, Closed: g.closedAt.UTC(), Verify: verify, Mended: g.mended}
}

// due are the digests that a receipt has to have. Of a growing file of which only
// the edges were compared it has no more than was asked for by name.
func (c Receipt) due(j Job) []connectors.Algorithm {
	unread := len(c.Copies) == 1 && c.Copies[0].Proof == ProofRenamed
	if !unread && (c.Growth == nil || c.Growth.Verify != string(GrowthEdges)) {
		return j.algorithms()
	}
	list := j.Digests
	for a := range j.Expect {
		list = append(list[:len(list):len(list)], a)
	}
	return list
}
