package transfer

import (
	"context"
)

// fetch is a piece on its way in.
type fetch struct {
	piece *piece
	done  chan error
}

// through reads the parts once, some ahead of the one that is handed on.
func (s scan) through(ctx context.Context, e *Engine, memory *share) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	queue := make(chan fetch, e.parallel()-1)
	var failure error
	go func() {
		defer close(queue)
		if err := s.fetchAll(ctx, e, memory, queue); err != nil {
			cancel(err)
		}
	}()
	for f := range queue {
		err := <-f.done
		if err == nil && failure == nil {
			err = s.each(ctx, f.piece)
		} else {
			f.piece.drop()
		}
		if err != nil && failure == nil {
			failure = err
			cancel(err)
		}
	}
	if failure == nil && ctx.Err() != nil {
		failure = context.Cause(ctx)
	}
	return failure
}

func (s scan) fetchAll(ctx context.Context, e *Engine, memory *share, queue chan<- fetch) error {
	steady := s.tape(ctx)
	defer steady.end()
	parts := s.parts
	if s.follow != nil {
		parts = s.follow(ctx)
	}
	for part := range parts {
		if err := ready(ctx, s.flow); err != nil {
			return err
		}
		if s.worth != nil {
			if err := s.worth(ctx); err != nil {
				return err
			}
		}
		p, err := memory.take(ctx, part.Size)
		if err != nil {
			return err
		}
		p.part = part
		f := fetch{p, make(chan error, 1)}
		select {
		case queue <- f:
		case <-ctx.Done():
			p.drop()
			return context.Cause(ctx)
		}
		if s.until == 0 {
			go func() { f.done <- s.fillAlone(ctx, e, p) }()
			continue
		}
		err = s.fill(ctx, e, steady, p)
		if f.done <- err; err != nil {
			return err
		}
	}
	return nil
}
