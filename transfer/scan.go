package transfer

import (
	"context"
	"errors"
	"io"
	"iter"
	"time"

	"gantry/connectors"
	"gantry/transfer/chunk"
	"gantry/transfer/digest"
	"gantry/transfer/schedule"
)

// A scan reads parts of a file, some at once, and hands them on in order.
type scan struct {
	what, path string // for errors
	open       func(ctx context.Context, offset, length int64) (io.ReadCloser, error)
	parts      iter.Seq[connectors.Part]
	follow     func(context.Context) iter.Seq[connectors.Part] // instead of parts, where they have to be waited for; begins with the first that was not handed on
	algorithms []connectors.Algorithm                          // of each part
	doubt      func(context.Context) error                     // asked when bytes are missing; nil if missing bytes are a fact
	note       func(err error, pause time.Duration)            // told of each retry
	flow       *schedule.Flow                                  // by which it reads; nil if nobody else wants to
	worth      func(context.Context) error                     // waits while nobody can take what is read; may be nil
	each       func(ctx context.Context, p *piece) error       // owns the piece
	control    *control                                        // nil if the job cannot be paused
	patient    bool                                            // it waits while it is held, for it holds no memory to speak of
	prompt     bool                                            // the place that it reads is
	tally      *tally                                          // of parts that failed; nil if it keeps on
	until      int64                                           // where one stream ends that gives all parts one after the other; 0 = each has its own
}

// run ends when all parts are handed on, or at the first error. It returns after
// its memory has been given back or handed on. A job that is held, or has to wait for
// another attempt, gives back what it has read ahead, and goes on later.
func (s scan) run(ctx context.Context, e *Engine, memory *share) error {
	s.tally = &tally{}
	handed, each := 0, s.each
	s.each = func(ctx context.Context, p *piece) error {
		handed++
		return each(ctx, p)
	}
	for all := s.parts; ; s.parts = behind(all, handed) {
		err := s.through(ctx, e, memory)
		wait := s.waits(err)
		if wait == nil || ctx.Err() != nil {
			return err
		}
		if err := wait(ctx); err != nil {
			return err
		}
	}
}

// waits gives what has to be waited for before a reading goes on; nil if it has failed.
func (s scan) waits(err error) func(context.Context) error {
	if wait, late := waitsLater(err); late {
		return wait
	}
	if errors.Is(err, schedule.ErrHeld) {
		return func(ctx context.Context) error { return ready(ctx, s.flow) }
	}
	return nil
}

// behind leaves the first parts out.
func behind(parts iter.Seq[connectors.Part], first int) iter.Seq[connectors.Part] {
	return func(yield func(connectors.Part) bool) {
		n := 0
		for p := range parts {
			if n++; n > first && !yield(p) {
				return
			}
		}
	}
}

// brief is run, without the goroutines that make nothing faster where there is but one
// part.
func (s scan) brief(ctx context.Context, e *Engine, memory *share, plan chunk.Plan) error {
	if plan.Count() != 1 {
		return s.run(ctx, e, memory)
	}
	p, err := s.one(ctx, e, memory, plan.Part(1))
	if err != nil {
		return err
	}
	return s.each(ctx, p)
}

// one reads the only part there is.
func (s scan) one(ctx context.Context, e *Engine, memory *share, part connectors.Part) (*piece, error) {
	s.tally = &tally{}
	for {
		if err := ready(ctx, s.flow); err != nil {
			return nil, err
		}
		p, err := memory.take(ctx, part.Size)
		if err != nil {
			return nil, err
		}
		p.part = part
		if err = s.fillAlone(ctx, e, p); err == nil {
			return p, nil
		}
		p.drop()
		wait := s.waits(err)
		if wait == nil {
			return nil, err
		}
		if err := wait(ctx); err != nil {
			return nil, err
		}
	}
}

func (s scan) tape(ctx context.Context) *tape {
	t := newTape(ctx, s.open, s.until)
	t.quick = s.prompt
	return t
}

func (s scan) fillAlone(ctx context.Context, e *Engine, p *piece) error {
	t := s.tape(ctx)
	defer t.end()
	return s.fill(ctx, e, t, p)
}

// fill reads a part and hashes it.
func (s scan) fill(ctx context.Context, e *Engine, t *tape, p *piece) error {
	sums, err := digest.New(s.algorithms...)
	if err != nil {
		return err
	}
	if p.short, err = s.readAll(ctx, e, t, p.part.Offset, p.data, sums); err != nil {
		return err
	}
	p.part.Digests = sums.End()
	return nil
}
