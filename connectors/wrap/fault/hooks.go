package fault

import (
	"context"
	"io"
	"iter"

	"gantry/connectors"
	"gantry/connectors/wrap"
)

func (s *Script) call(ctx context.Context, c wrap.Call, do func(context.Context) error) error {
	e, _ := s.next(c.Op, c.Path, ofCall)
	if e.before != nil {
		return e.before
	}
	err := do(ctx)
	if e.after != nil {
		return e.after
	}
	return err
}

func (s *Script) stream(ctx context.Context, c wrap.Call, inner wrap.Stream) io.ReadCloser {
	e, ok := s.next(c.Op, c.Path, ofFlow)
	if !ok {
		return inner.ReadCloser
	}
	return &stream{ReadCloser: inner.ReadCloser, faulty: faulty{ctx: ctx, r: inner.ReadCloser, effect: e}}
}

func (s *Script) part(ctx context.Context, c wrap.Call, r io.ReadSeeker) io.ReadSeeker {
	e, ok := s.next(c.Op, c.Path, ofFlow)
	if !ok {
		return r
	}
	return &part{ReadSeeker: r, faulty: faulty{ctx: ctx, r: r, effect: e}}
}

func (s *Script) entry(c wrap.Call, e connectors.Entry) connectors.Entry {
	if lie, ok := s.next(c.Op, e.Path, ofEntry); ok {
		e.Size += lie.size
	}
	return e
}

func (s *Script) list(ctx context.Context, c wrap.Call, list func(context.Context) iter.Seq2[connectors.Entry, error]) iter.Seq2[connectors.Entry, error] {
	return func(yield func(connectors.Entry, error) bool) {
		e, _ := s.next(c.Op, c.Path, ofListing)
		if e.before != nil {
			yield(connectors.Entry{}, e.before)
			return
		}
		n := int64(0)
		for entry, err := range list(ctx) {
			if err == nil && e.flow != flows && n == e.at {
				if err := e.stop(ctx); err != nil {
					yield(connectors.Entry{}, err)
				}
				return
			}
			n++
			if !yield(entry, err) {
				return
			}
		}
		if e.flow != flows && n == e.at {
			if err := e.stop(ctx); err != nil {
				yield(connectors.Entry{}, err)
				return
			}
		}
		if e.after != nil {
			yield(connectors.Entry{}, e.after)
		}
	}
}

// stop is what happens where a flow goes no further; nil = it ends.
func (e Effect) stop(ctx context.Context) error {
	switch e.flow {
	case cuts:
		return e.err
	case stalls:
		<-ctx.Done()
		return connectors.Errorf(connectors.KindOf(ctx.Err()), "wait for", "", "%w", ctx.Err())
	default:
		return nil
	}
}
