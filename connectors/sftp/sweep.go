package sftp

import (
	"context"
	"errors"
	"io/fs"
	"iter"
	"strings"

	"gantry/connectors"
	"gantry/connectors/promise"
	"gantry/connectors/sftp/wire"
)

var errHoldsOld = errors.New("it holds the file that an interrupted upload was replacing: take that upload up, or abort it")

// Unfinished implements connectors.Sweeper. The staging folder does not tell the
// paths: with a prefix, it yields the uploads to the file of just this path.
func (p *place) Unfinished(ctx context.Context, prefix string) iter.Seq2[connectors.Unfinished, error] {
	return func(yield func(connectors.Unfinished, error) bool) {
		names, err := ask(ctx, p, "list uploads of", p.url, func(ctx context.Context, c *conn) ([]wire.Name, error) {
			list, err := c.readFolder(ctx, promise.Folder)
			if err = c.explain(ctx, promise.Folder, err); errors.Is(err, fs.ErrNotExist) {
				return nil, nil
			}
			return list, err
		})
		if err != nil {
			yield(connectors.Unfinished{}, err)
			return
		}
		held := map[string]bool{}
		for _, n := range names {
			if id, is := strings.CutSuffix(n.Name, backupSuffix); is {
				held[id] = true
				connectors.PassOver(ctx, promise.StagedPath(n.Name), errHoldsOld)
			}
		}
		for _, n := range names {
			if !promise.IsID(n.Name) || !n.Mode.IsRegular() || held[n.Name] {
				continue
			}
			u := connectors.Unfinished{ID: n.Name, Began: n.ModTime, Size: n.Size}
			if prefix != "" {
				if promise.CheckID(n.Name, prefix) != nil {
					continue
				}
				u.Path = prefix
			}
			if !yield(u, nil) {
				return
			}
		}
	}
}

// Discard implements connectors.Sweeper. It leaves alone what holds the only copy
// of a file that was being replaced.
func (p *place) Discard(ctx context.Context, u connectors.Unfinished) error {
	if !promise.IsID(u.ID) {
		return connectors.Errorf(connectors.KindInvalid, "discard upload of", p.url, "%q is no upload", u.ID)
	}
	return p.do(ctx, "discard upload of", p.url, func(ctx context.Context, c *conn) error {
		if c.isThere(ctx, backupOf(u.ID)) {
			return connectors.Errorf(connectors.KindHeld, "discard upload of", p.url, "%w", errHoldsOld)
		}
		err := c.explain(ctx, promise.StagedPath(u.ID), c.Client.Remove(ctx, c.abs(promise.StagedPath(u.ID))))
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		return err
	})
}
