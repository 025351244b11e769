package transfer

import (
	"context"
	"io"
	"sync/atomic"

	"gantry/connectors"
	"gantry/transfer/digest"
	"gantry/transfer/schedule"
)

// A packSource reads the original from its beginning to its end, as any other reading of
// a source: in slots, at the bandwidth that is left, not while the job is paused, and
// going on where an attempt failed. It tells errors of reading from those of packing.
type packSource struct {
	ctx   context.Context //nolint:containedctx // an io.Reader has no other way to it
	e     *Engine
	scan  scan
	tape  *tape
	sums  *digest.Set
	size  int64
	at    int64
	shown *packed
	err   error
}

// packed is how far a job is with its packing.
type packed struct{ done, size atomic.Int64 }

// packStep is how much is read at a time, in bytes: between two of them others get their
// turn.
const packStep = 1 << 20

func (p *packer) source(ctx context.Context, r *run, original connectors.Entry, sums *digest.Set) *packSource {
	s := scan{
		what: "pack", path: original.Path, note: r.noteRetry, control: r.control, patient: true, until: original.Size,
		flow: r.flow(p.from, p.job.Source.Location, schedule.Read),
		open: func(ctx context.Context, offset, length int64) (io.ReadCloser, error) {
			return p.from.Open(ctx, original.Path, offset, length)
		},
		doubt: func(ctx context.Context) error {
			now, err := p.e.stat(ctx, p.from, original.Path, r.noteRetry)
			if err == nil && !now.SameVersion(original) {
				err = &connectors.Error{Kind: connectors.KindChanged, Op: "pack", Path: original.Path, Err: errChanged, Remedy: "run the job again once the source has settled"}
			}
			return err
		},
	}
	return &packSource{ctx: ctx, e: p.e, scan: s, tape: s.tape(ctx), sums: sums, size: original.Size, shown: r.control.packs(original.Size)}
}

// Read implements io.Reader.
func (s *packSource) Read(b []byte) (int, error) {
	if s.err != nil {
		return 0, s.err
	}
	if s.at == s.size {
		return 0, io.EOF
	}
	b = b[:min(int64(len(b)), packStep, s.size-s.at)]
	if _, s.err = s.scan.readAll(s.ctx, s.e, s.tape, s.at, b, s.sums); s.err != nil {
		return 0, s.err
	}
	s.at += int64(len(b))
	s.shown.done.Store(s.at)
	return len(b), nil
}

func (s *packSource) close() { s.tape.end() }

// packs shows from now on how much of the source is packed.
func (c *control) packs(size int64) *packed {
	shown := &packed{}
	shown.size.Store(size)
	if c != nil {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.packed = shown
	}
	return shown
}

// receive brings the source here, if it has to be.
func (p *packer) receive(ctx context.Context, r *run, original connectors.Entry) error {
	d, ok := p.from.(*depot)
	if !ok {
		return nil
	}
	shown := r.control.packs(original.Size)
	return r.receive(ctx, d, original, shown.done.Store)
}
