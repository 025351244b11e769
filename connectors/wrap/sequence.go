package wrap

import (
	"context"
	"iter"
)

// sequence makes one call of the whole of a sequence.
func sequence[T any](ctx context.Context, p *place, c Call, list func(context.Context) iter.Seq2[T, error]) iter.Seq2[T, error] {
	if p.hooks.Call == nil {
		return list(ctx)
	}
	return func(yield func(T, error) bool) {
		some, enough := false, false
		err := p.hooks.Call(ctx, c, func(ctx context.Context) error {
			for v, err := range list(ctx) {
				if err != nil && some {
					return begun{err}
				}
				if err != nil {
					return err
				}
				some = true
				if enough = !yield(v, nil); enough {
					return nil
				}
			}
			return nil
		})
		if err != nil && !enough {
			var none T
			yield(none, plain(err))
		}
	}
}

// plain takes the mark of Begun off.
func plain(err error) error {
	if b, ok := err.(begun); ok { //nolint:errorlint // a mark deeper inside is part of somebody's message
		return b.error
	}
	return err
}
