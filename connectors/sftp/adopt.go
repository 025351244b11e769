package sftp

import (
	"context"
	"errors"
	"io/fs"
	"time"

	"gantry/connectors"
	"gantry/connectors/promise"
)

// Left implements connectors.Adopter. The times are the server's.
func (p *place) Left(ctx context.Context, path string) (left []connectors.Left, err error) {
	if path, err = promise.CleanPath(path); err != nil {
		return nil, err
	}
	if p.dropBox {
		return nil, nil
	}
	for u, err := range p.Unfinished(ctx, path) {
		if err != nil {
			return nil, err
		}
		left = append(left, connectors.Left{ID: u.ID, Size: u.Size, Written: u.Began})
	}
	return left, nil
}

// Claim implements connectors.Adopter. Whoever has the file open could write it still:
// nobody does so by a handle that was not used for a while, see [staleAfter].
func (p *place) Claim(ctx context.Context, path, id string) (string, error) {
	path, err := promise.CleanPath(path)
	if err != nil {
		return "", err
	}
	if err := promise.CheckID(id, path); err != nil {
		return "", err
	}
	fresh := promise.NewID(path)
	return fresh, p.do(ctx, "claim upload of", path, func(ctx context.Context, c *conn) error {
		err := c.Client.Rename(ctx, c.abs(promise.StagedPath(id)), c.abs(promise.StagedPath(fresh)))
		if err != nil && !c.isThere(ctx, promise.StagedPath(id)) {
			return errors.Join(fs.ErrNotExist, err)
		}
		return err
	})
}

// staleAfter is for how long a staged file may stay open that nothing is written to: by
// then another process may have taken it over, and shown it to others.
const staleAfter = 10 * time.Minute

// stale tells whether what is open has to be looked for by its name once more. A machine
// that slept has not heard its own clock tick, and the day's may have been put back.
func (u *upload) stale() bool {
	wrote, now := u.wrote.Load(), u.place.pool.now()
	return wrote != nil && max(now.Sub(*wrote), now.Round(0).Sub(wrote.Round(0))) > staleAfter
}

func (u *upload) noteWrite() { u.wrote.Store(new(u.place.pool.now())) }
