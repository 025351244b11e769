package wrap

import (
	"context"
	"io"

	"gantry/connectors"
)

type upload struct {
	connectors.Upload // inside; ID is its own
	place             *place
	path              string
}

var (
	_ connectors.Upload       = (*upload)(nil)
	_ connectors.Staged       = (*upload)(nil)
	_ connectors.StagedHasher = (*upload)(nil)
	_ connectors.Filler       = (*upload)(nil)
	_ connectors.Revealer     = (*upload)(nil)
	_ connectors.Resting      = (*upload)(nil)
)

// Unwrap gives the upload inside.
func (u *upload) Unwrap() connectors.Upload { return u.Upload }

// Parts implements connectors.Upload.
func (u *upload) Parts(ctx context.Context) ([]connectors.Part, error) {
	return ask(ctx, u.place, Call{Op: Parts, Path: u.path}, u.Upload.Parts)
}

// WritePart implements connectors.Upload. A call that is made again reads r again
// from where it stood.
func (u *upload) WritePart(ctx context.Context, p connectors.Part, r io.ReadSeeker) (connectors.Part, error) {
	c := Call{Op: WritePart, Path: u.path, Part: p}
	if u.place.hooks.Call == nil {
		return u.write(ctx, c, r)
	}
	start, again := int64(-1), false
	return ask(ctx, u.place, c, func(ctx context.Context) (connectors.Part, error) {
		var err error
		if !again {
			start, err = r.Seek(0, io.SeekCurrent)
		} else {
			_, err = r.Seek(start, io.SeekStart)
		}
		if err != nil {
			return connectors.Part{}, connectors.Errorf(connectors.KindOther, "write part of", u.path, "rewind part %d: %w", p.Number, err)
		}
		again = true
		return u.write(ctx, c, r)
	})
}

func (u *upload) write(ctx context.Context, c Call, r io.ReadSeeker) (connectors.Part, error) {
	if hook := u.place.hooks.Part; hook != nil {
		r = hook(ctx, c, r)
	}
	return u.Upload.WritePart(ctx, c.Part, r)
}

// Commit implements connectors.Upload.
func (u *upload) Commit(ctx context.Context, w connectors.Whole) (connectors.Entry, error) {
	return u.place.entry(ctx, Call{Op: Commit, Path: u.path}, func(ctx context.Context) (connectors.Entry, error) { return u.Upload.Commit(ctx, w) })
}

// Abort implements connectors.Upload.
func (u *upload) Abort(ctx context.Context) error {
	return u.place.call(ctx, Call{Op: Abort, Path: u.path}, u.Upload.Abort)
}

// OpenStaged implements connectors.Staged.
func (u *upload) OpenStaged(ctx context.Context, offset, length int64) (io.ReadCloser, error) {
	inner, ok := connectors.As[connectors.Staged](u.Upload)
	if !ok {
		return nil, lacks(OpenStaged, u.path)
	}
	return u.place.stream(ctx, Call{Op: OpenStaged, Path: u.path, Offset: offset, Length: length}, inner.OpenStaged)
}

// HashStaged implements connectors.StagedHasher.
func (u *upload) HashStaged(ctx context.Context, want ...connectors.Algorithm) (connectors.Digests, error) {
	inner, ok := connectors.As[connectors.StagedHasher](u.Upload)
	if !ok {
		return nil, lacks(HashStaged, u.path)
	}
	return ask(ctx, u.place, Call{Op: HashStaged, Path: u.path}, func(ctx context.Context) (connectors.Digests, error) { return inner.HashStaged(ctx, want...) })
}

// Reveal implements connectors.Revealer.
func (u *upload) Reveal(ctx context.Context, path string) (made []string, err error) {
	inner, ok := connectors.As[connectors.Revealer](u.Upload)
	if !ok {
		return nil, lacks(Reveal, path)
	}
	return ask(ctx, u.place, Call{Op: Reveal, Path: path}, func(ctx context.Context) ([]string, error) { return inner.Reveal(ctx, path) })
}

// Rest implements connectors.Resting. No hook is called.
func (u *upload) Rest() {
	if inner, ok := connectors.As[connectors.Resting](u.Upload); ok {
		inner.Rest()
	}
}

// Fill implements connectors.Filler.
func (u *upload) Fill(ctx context.Context, other any, from connectors.Entry) error {
	inner, ok := connectors.As[connectors.Filler](u.Upload)
	if !ok {
		return lacks(Fill, u.path)
	}
	return u.place.call(ctx, Call{Op: Fill, Path: u.path}, func(ctx context.Context) error { return inner.Fill(ctx, other, from) })
}
