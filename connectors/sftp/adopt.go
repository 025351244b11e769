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

// Claim implements connectors.Adopter. Whoever has the file open writes it still: handles
// that are not used for a while are closed, see [staleAfter].
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

// stale tells whether what is open has to be looked for by its name once more.
func (u *upload) stale() bool {
	wrote := u.wrote.Load()
	return wrote > 0 && u.place.pool.now().Sub(time.Unix(wrote, 0)) > staleAfter
}
