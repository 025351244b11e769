package wrap

import (
	"context"
	"errors"
	"io"
	"iter"

	"gantry/connectors"
)

var (
	_ connectors.Renamer    = (*place)(nil)
	_ connectors.Taker      = (*place)(nil)
	_ connectors.Hasher     = (*place)(nil)
	_ connectors.Copier     = (*place)(nil)
	_ connectors.Tierer     = (*place)(nil)
	_ connectors.Locker     = (*place)(nil)
	_ connectors.Versioner  = (*place)(nil)
	_ connectors.Tagger     = (*place)(nil)
	_ connectors.Notifier   = (*place)(nil)
	_ connectors.Sweeper    = (*place)(nil)
	_ connectors.Adopter    = (*place)(nil)
	_ connectors.Foldered   = (*place)(nil)
	_ connectors.OnDisk     = (*place)(nil)
	_ connectors.Identifier = (*place)(nil)
	_ connectors.Twinner    = (*place)(nil)
	_ connectors.Surveyor   = (*place)(nil)
	_ connectors.Describer  = (*place)(nil)
	_ connectors.Mover      = (*place)(nil)
)

// lacks is for who did not ask by connectors.As.
func lacks(op Op, path string) error {
	return connectors.Errorf(connectors.KindUnsupported, string(op), path, "%w", errors.ErrUnsupported)
}

// with makes a call by an optional interface I of the place inside.
func with[I, T any](ctx context.Context, p *place, c Call, do func(context.Context, I) (T, error)) (T, error) {
	inner, ok := connectors.As[I](p.Place)
	if !ok {
		var none T
		return none, lacks(c.Op, c.Path)
	}
	return ask(ctx, p, c, func(ctx context.Context) (T, error) { return do(ctx, inner) })
}

// do is with for calls that return nothing but an error.
func do[I any](ctx context.Context, p *place, c Call, call func(context.Context, I) error) error {
	_, err := with(ctx, p, c, func(ctx context.Context, inner I) (struct{}, error) { return struct{}{}, call(ctx, inner) })
	return err
}

// each is with for sequences.
func each[I, T any](ctx context.Context, p *place, c Call, list func(context.Context, I) iter.Seq2[T, error]) iter.Seq2[T, error] {
	inner, ok := connectors.As[I](p.Place)
	if !ok {
		return func(yield func(T, error) bool) {
			var none T
			yield(none, lacks(c.Op, c.Path))
		}
	}
	return sequence(ctx, p, c, func(ctx context.Context) iter.Seq2[T, error] { return list(ctx, inner) })
}

// Rename implements connectors.Renamer.
func (p *place) Rename(ctx context.Context, from, to string) error {
	return do(ctx, p, Call{Op: Rename, Path: from}, func(ctx context.Context, i connectors.Renamer) error { return i.Rename(ctx, from, to) })
}

// Near implements connectors.Taker. It moves nothing, so that no hook is called.
func (p *place) Near(other any) bool {
	inner, ok := connectors.As[connectors.Taker](p.Place)
	return ok && inner.Near(other)
}

// TakeOver implements connectors.Taker.
func (p *place) TakeOver(ctx context.Context, other any, from connectors.Entry, to string) (connectors.Entry, error) {
	c := Call{Op: TakeOver, Path: to}
	e, err := with(ctx, p, c, func(ctx context.Context, i connectors.Taker) (connectors.Entry, error) {
		return i.TakeOver(ctx, other, from, to)
	})
	if err == nil && p.hooks.Entry != nil {
		e = p.hooks.Entry(c, e)
	}
	return e, err
}

// Hash implements connectors.Hasher.
func (p *place) Hash(ctx context.Context, path string, want ...connectors.Algorithm) (connectors.Digests, error) {
	return with(ctx, p, Call{Op: Hash, Path: path}, func(ctx context.Context, i connectors.Hasher) (connectors.Digests, error) {
		return i.Hash(ctx, path, want...)
	})
}

// Copy implements connectors.Copier.
func (p *place) Copy(ctx context.Context, from, to string) (connectors.Entry, error) {
	c := Call{Op: Copy, Path: from}
	e, err := with(ctx, p, c, func(ctx context.Context, i connectors.Copier) (connectors.Entry, error) { return i.Copy(ctx, from, to) })
	if err == nil && p.hooks.Entry != nil {
		e = p.hooks.Entry(c, e)
	}
	return e, err
}

// Tier implements connectors.Tierer.
func (p *place) Tier(ctx context.Context, path string) (connectors.Tier, error) {
	return with(ctx, p, Call{Op: GetTier, Path: path}, func(ctx context.Context, i connectors.Tierer) (connectors.Tier, error) { return i.Tier(ctx, path) })
}

// SetTier implements connectors.Tierer.
func (p *place) SetTier(ctx context.Context, path, class string) error {
	return do(ctx, p, Call{Op: SetTier, Path: path}, func(ctx context.Context, i connectors.Tierer) error { return i.SetTier(ctx, path, class) })
}

// Restore implements connectors.Tierer.
func (p *place) Restore(ctx context.Context, path string, o connectors.RestoreOptions) (connectors.Tier, error) {
	return with(ctx, p, Call{Op: Restore, Path: path}, func(ctx context.Context, i connectors.Tierer) (connectors.Tier, error) {
		return i.Restore(ctx, path, o)
	})
}

// Lock implements connectors.Locker.
func (p *place) Lock(ctx context.Context, path string) (connectors.Lock, error) {
	return with(ctx, p, Call{Op: GetLock, Path: path}, func(ctx context.Context, i connectors.Locker) (connectors.Lock, error) { return i.Lock(ctx, path) })
}

// SetLock implements connectors.Locker.
func (p *place) SetLock(ctx context.Context, path string, l connectors.Lock) error {
	return do(ctx, p, Call{Op: SetLock, Path: path}, func(ctx context.Context, i connectors.Locker) error { return i.SetLock(ctx, path, l) })
}

// Versions implements connectors.Versioner.
func (p *place) Versions(ctx context.Context, path string) iter.Seq2[connectors.FileVersion, error] {
	return each(ctx, p, Call{Op: Versions, Path: path}, func(ctx context.Context, i connectors.Versioner) iter.Seq2[connectors.FileVersion, error] {
		return i.Versions(ctx, path)
	})
}

// OpenVersion implements connectors.Versioner.
func (p *place) OpenVersion(ctx context.Context, path, id string, offset, length int64) (io.ReadCloser, error) {
	inner, ok := connectors.As[connectors.Versioner](p.Place)
	if !ok {
		return nil, lacks(OpenVersion, path)
	}
	return p.stream(ctx, Call{Op: OpenVersion, Path: path, Offset: offset, Length: length},
		func(ctx context.Context, offset, length int64) (io.ReadCloser, error) {
			return inner.OpenVersion(ctx, path, id, offset, length)
		})
}

// OpenAs implements connectors.Pinner. To the hooks it is an Open.
func (p *place) OpenAs(ctx context.Context, e connectors.Entry, offset, length int64) (io.ReadCloser, error) {
	inner, ok := connectors.As[connectors.Pinner](p.Place)
	if !ok {
		return nil, lacks(Open, e.Path)
	}
	return p.stream(ctx, Call{Op: Open, Path: e.Path, Offset: offset, Length: length},
		func(ctx context.Context, offset, length int64) (io.ReadCloser, error) {
			return inner.OpenAs(ctx, e, offset, length)
		})
}

// PinsByTime implements connectors.DatedPinner.
func (p *place) PinsByTime() {}

// RemoveVersion implements connectors.Versioner.
func (p *place) RemoveVersion(ctx context.Context, path, id string) error {
	return do(ctx, p, Call{Op: RemoveVersion, Path: path}, func(ctx context.Context, i connectors.Versioner) error { return i.RemoveVersion(ctx, path, id) })
}

// Tags implements connectors.Tagger.
func (p *place) Tags(ctx context.Context, path string) (map[string]string, error) {
	return with(ctx, p, Call{Op: Tags, Path: path}, func(ctx context.Context, i connectors.Tagger) (map[string]string, error) { return i.Tags(ctx, path) })
}

// SetTags implements connectors.Tagger.
func (p *place) SetTags(ctx context.Context, path string, tags map[string]string) error {
	return do(ctx, p, Call{Op: SetTags, Path: path}, func(ctx context.Context, i connectors.Tagger) error { return i.SetTags(ctx, path, tags) })
}

// Notify implements connectors.Notifier.
func (p *place) Notify(ctx context.Context, prefix string, handle func(context.Context, connectors.Event) error) error {
	return do(ctx, p, Call{Op: Notify, Path: prefix}, func(ctx context.Context, i connectors.Notifier) error { return i.Notify(ctx, prefix, handle) })
}

// Unfinished implements connectors.Sweeper.
func (p *place) Unfinished(ctx context.Context, prefix string) iter.Seq2[connectors.Unfinished, error] {
	return each(ctx, p, Call{Op: Unfinished, Path: prefix}, func(ctx context.Context, i connectors.Sweeper) iter.Seq2[connectors.Unfinished, error] {
		return i.Unfinished(ctx, prefix)
	})
}

// Discard implements connectors.Sweeper.
func (p *place) Discard(ctx context.Context, u connectors.Unfinished) error {
	return do(ctx, p, Call{Op: Discard, Path: u.Path}, func(ctx context.Context, i connectors.Sweeper) error { return i.Discard(ctx, u) })
}

// Left implements connectors.Adopter.
func (p *place) Left(ctx context.Context, path string) ([]connectors.Left, error) {
	return with(ctx, p, Call{Op: Left, Path: path}, func(ctx context.Context, i connectors.Adopter) ([]connectors.Left, error) { return i.Left(ctx, path) })
}

// Claim implements connectors.Adopter.
func (p *place) Claim(ctx context.Context, path, id string) (string, error) {
	return with(ctx, p, Call{Op: Claim, Path: path}, func(ctx context.Context, i connectors.Adopter) (string, error) { return i.Claim(ctx, path, id) })
}

// RemoveFolder implements connectors.Foldered.
func (p *place) RemoveFolder(ctx context.Context, path string) error {
	return do(ctx, p, Call{Op: RemoveFolder, Path: path}, func(ctx context.Context, i connectors.Foldered) error { return i.RemoveFolder(ctx, path) })
}

// Identity implements connectors.Identifier.
func (p *place) Identity(ctx context.Context, path string) (string, error) {
	return with(ctx, p, Call{Op: Identity, Path: path}, func(ctx context.Context, i connectors.Identifier) (string, error) { return i.Identity(ctx, path) })
}

// SameFile implements connectors.Twinner.
func (p *place) SameFile(ctx context.Context, own, second string) (bool, error) {
	return with(ctx, p, Call{Op: SameFile, Path: own}, func(ctx context.Context, i connectors.Twinner) (bool, error) { return i.SameFile(ctx, own, second) })
}

// Survey implements connectors.Surveyor. No hook is called.
func (p *place) Survey(ctx context.Context, size int64) (missing string) {
	if inner, ok := connectors.As[connectors.Surveyor](p.Place); ok {
		return inner.Survey(ctx, size)
	}
	return ""
}

// FilePath implements connectors.OnDisk. It asks nobody, so that no hook is called.
func (p *place) FilePath(path string) (string, error) {
	inner, ok := connectors.As[connectors.OnDisk](p.Place)
	if !ok {
		return "", lacks("filePath", path)
	}
	return inner.FilePath(path)
}

// Describe implements connectors.Describer.
func (p *place) Describe(ctx context.Context) (connectors.Description, error) {
	return with(ctx, p, Call{Op: Describe}, func(ctx context.Context, i connectors.Describer) (connectors.Description, error) {
		return i.Describe(ctx)
	})
}

// Start implements connectors.Mover. The movement outlives the call, and has the
// caller's context.
func (p *place) Start(ctx context.Context, m connectors.Movement) (connectors.Moving, error) {
	asked := m
	if p.hooks.Movement != nil {
		m = p.hooks.Movement(m)
	}
	moving, err := with(ctx, p, Call{Op: Move, Path: m.Path}, func(_ context.Context, i connectors.Mover) (connectors.Moving, error) { return i.Start(ctx, m) })
	if err != nil || p.hooks.Moving == nil {
		return moving, err
	}
	return p.hooks.Moving(asked, moving), nil
}
