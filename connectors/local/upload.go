package local

import (
	"context"
	"io"
	"os"
	"sync"
	"sync/atomic"

	"gantry/connectors"
	"gantry/connectors/promise"
)

// upload is a file in the staging folder. Only a small one is kept open between calls.
type upload struct {
	place    *place
	id, path string
	options  connectors.UploadOptions

	mu        sync.Mutex // held by Commit and Abort
	committed *connectors.Entry
	held      atomic.Pointer[held] // nil if the file is opened by each call
}

var (
	_ connectors.Upload  = (*upload)(nil)
	_ connectors.Staged  = (*upload)(nil)
	_ connectors.Resting = (*upload)(nil)
)

// ID implements connectors.Upload.
func (u *upload) ID() string { return u.id }

// within runs a call on the staged file.
func (u *upload) within(ctx context.Context, op string, call func(root *os.Root, staged string) error) error {
	return u.inGrip(ctx, op, func(g *grip, staged string) error { return call(g.root, staged) })
}

// inGrip is within for a call that may keep the root open.
func (u *upload) inGrip(ctx context.Context, op string, call func(g *grip, staged string) error) error {
	if err := ctx.Err(); err != nil {
		return fail(op, u.path, err)
	}
	g, err := u.place.grasp(op, u.path)
	if err != nil {
		return err
	}
	defer g.letGo()
	if err := u.place.identity.covers(op, u.path); err != nil {
		return err
	}
	return u.place.explain(fail(op, u.path, call(g, promise.StagedPath(u.id))))
}

// Parts implements connectors.Upload: a file does not tell where it was written.
func (u *upload) Parts(ctx context.Context) ([]connectors.Part, error) {
	return nil, u.within(ctx, "list parts of", func(root *os.Root, staged string) error {
		_, err := root.Lstat(staged)
		return err
	})
}

// OpenStaged implements connectors.Staged.
func (u *upload) OpenStaged(ctx context.Context, offset, length int64) (r io.ReadCloser, err error) {
	ok, err := u.inHand(ctx, "open", func(f *os.File) error {
		r, err = u.readHeld(ctx, f, offset, length)
		return err
	})
	if ok {
		return r, err
	}
	err = u.within(ctx, "open", func(root *os.Root, staged string) error {
		r, err = u.place.read(ctx, root, staged, u.path, offset, length)
		return err
	})
	return r, err
}

// Abort implements connectors.Upload.
func (u *upload) Abort(ctx context.Context) error {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.Rest()
	err := u.within(ctx, "abort", func(root *os.Root, staged string) error { return root.Remove(staged) })
	if connectors.KindOf(err) == connectors.KindNotFound {
		return nil
	}
	return err
}
