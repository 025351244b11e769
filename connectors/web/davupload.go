package web

import (
	"context"
	"io"

	"gantry/connectors"
	"gantry/connectors/promise"
)

// A davUpload is sent to a file in the staging folder, and moved at Commit.
type davUpload struct {
	*upload
	p *place
}

// Commit implements connectors.Upload.
func (u *davUpload) Commit(ctx context.Context, w connectors.Whole) (connectors.Entry, error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.commit(ctx, w, u.reveal)
}

// OpenStaged implements connectors.Staged. All of the file has to be written.
func (u *davUpload) OpenStaged(ctx context.Context, offset, length int64) (io.ReadCloser, error) {
	if err := u.stored(ctx); err != nil {
		return nil, err
	}
	if length == 0 {
		return nothing(u.path, offset, u.sent)
	}
	a := ask{op: "read back", path: u.path, url: u.to.url}
	return u.p.wire.open(ctx, a, offset, length, mark{}, false)
}

func (u *davUpload) stored(ctx context.Context) error {
	u.mu.Lock()
	defer u.mu.Unlock()
	switch {
	case u.broken != nil:
		return u.gone()
	case u.entry != nil || u.o.Size >= 0 && u.written() != u.o.Size:
		return connectors.Errorf(connectors.KindUnsupported, "read back", u.path, "it can be read back when all of it is written, and before it is committed")
	}
	return u.complete(ctx, nil)
}

func (u *davUpload) reveal(ctx context.Context, w connectors.Whole) (connectors.Entry, error) {
	a := ask{op: "commit"}
	there, err := u.p.resource(ctx, a, promise.StagedPath(u.id))
	if u.pending && connectors.KindOf(err) == connectors.KindNotFound {
		return connectors.Entry{}, u.notYet()
	}
	if err != nil {
		return connectors.Entry{}, err
	}
	if there.size >= 0 && there.size != w.Size {
		return connectors.Entry{}, connectors.Errorf(connectors.KindIntegrity, "commit", u.path, "the server has %d bytes of %d", there.size, w.Size)
	}
	if err := u.p.move(ctx, "MOVE", promise.StagedPath(u.id), u.path, u.o.Exclusive); err != nil {
		return connectors.Entry{}, err
	}
	return u.p.stat(ctx, a, u.path)
}

// Abort implements connectors.Upload.
func (u *davUpload) Abort(ctx context.Context) error {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.abort(ctx, func(ctx context.Context) error { return u.p.discard(ctx, u.id) })
}
