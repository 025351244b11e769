package wrap

import (
	"context"
	"io"
	"iter"

	"gantry/connectors"
)

// Around gives a place with hooks around its calls.
func Around(inner connectors.Place, h Hooks) connectors.Place {
	return &place{Place: inner, hooks: h}
}

type place struct {
	connectors.Place // inside; Traits and Close are its own
	hooks            Hooks
}

// Unwrap gives the place inside.
func (p *place) Unwrap() connectors.Place { return p.Place }

func (p *place) call(ctx context.Context, c Call, do func(context.Context) error) error {
	if p.hooks.Call == nil {
		return do(ctx)
	}
	return p.hooks.Call(ctx, c, do)
}

// ask makes a call that has a result.
func ask[T any](ctx context.Context, p *place, c Call, do func(context.Context) (T, error)) (result T, err error) {
	err = p.call(ctx, c, func(ctx context.Context) error {
		r, err := do(ctx)
		if err == nil {
			result = r
		}
		return err
	})
	if err != nil {
		var none T
		return none, err
	}
	return result, nil
}

func (p *place) entry(ctx context.Context, c Call, do func(context.Context) (connectors.Entry, error)) (connectors.Entry, error) {
	e, err := ask(ctx, p, c, do)
	if err == nil && p.hooks.Entry != nil {
		e = p.hooks.Entry(c, e)
	}
	return e, err
}

// stream opens, and puts the hook around what was opened.
func (p *place) stream(ctx context.Context, c Call, open func(ctx context.Context, offset, length int64) (io.ReadCloser, error)) (io.ReadCloser, error) {
	var before any
	if p.hooks.Before != nil {
		before = p.hooks.Before(ctx, c)
	}
	r, err := ask(ctx, p, c, func(context.Context) (io.ReadCloser, error) {
		return open(ctx, c.Offset, c.Length) // the stream lives longer than the call: it has the caller's context
	})
	if err != nil || p.hooks.Stream == nil {
		return r, err
	}
	return p.hooks.Stream(ctx, c, Stream{ReadCloser: r, Before: before, Again: open}), nil
}

// Stat implements connectors.Source and connectors.Sink.
func (p *place) Stat(ctx context.Context, path string) (connectors.Entry, error) {
	return p.entry(ctx, Call{Op: Stat, Path: path}, func(ctx context.Context) (connectors.Entry, error) { return p.Place.Stat(ctx, path) })
}

// Open implements connectors.Source.
func (p *place) Open(ctx context.Context, path string, offset, length int64) (io.ReadCloser, error) {
	return p.stream(ctx, Call{Op: Open, Path: path, Offset: offset, Length: length},
		func(ctx context.Context, offset, length int64) (io.ReadCloser, error) {
			return p.Place.Open(ctx, path, offset, length)
		})
}

// Remove implements connectors.Sink.
func (p *place) Remove(ctx context.Context, path string) error {
	return p.call(ctx, Call{Op: Remove, Path: path}, func(ctx context.Context) error { return p.Place.Remove(ctx, path) })
}

// Begin implements connectors.Sink.
func (p *place) Begin(ctx context.Context, path string, o connectors.UploadOptions) (connectors.Upload, error) {
	u, err := ask(ctx, p, Call{Op: Begin, Path: path}, func(ctx context.Context) (connectors.Upload, error) { return p.Place.Begin(ctx, path, o) })
	if err != nil {
		return nil, err
	}
	return &upload{Upload: u, place: p, path: path}, nil
}

// List implements connectors.Source.
func (p *place) List(ctx context.Context, prefix string) iter.Seq2[connectors.Entry, error] {
	c := Call{Op: List, Path: prefix}
	list := func(ctx context.Context) iter.Seq2[connectors.Entry, error] { return p.Place.List(ctx, prefix) }
	if p.hooks.List != nil {
		return p.hooks.List(ctx, c, p.changed(c, list))
	}
	return sequence(ctx, p, c, p.changed(c, list))
}

// changed applies the hook Entry to a listing.
func (p *place) changed(c Call, list func(context.Context) iter.Seq2[connectors.Entry, error]) func(context.Context) iter.Seq2[connectors.Entry, error] {
	if p.hooks.Entry == nil {
		return list
	}
	return func(ctx context.Context) iter.Seq2[connectors.Entry, error] {
		return func(yield func(connectors.Entry, error) bool) {
			for e, err := range list(ctx) {
				if err == nil {
					e = p.hooks.Entry(c, e)
				}
				if !yield(e, err) {
					return
				}
			}
		}
	}
}
