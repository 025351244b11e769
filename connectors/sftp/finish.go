package sftp

import (
	"context"

	"gantry/connectors"
	"gantry/connectors/promise"
	"gantry/connectors/sftp/wire"
)

// finishAtOnce makes the staged file durable, gives it its time, closes it and looks at
// it, in one exchange: over a long way, and of small files, the exchanges are what a
// commit costs. It gives what was seen.
func (u *upload) finishAtOnce(ctx context.Context, c *conn, h wire.Handle, w connectors.Whole) (seen wire.Attrs, err error) {
	others := make(chan error, 1)
	go func() { others <- u.files.closeAll(ctx) }()
	f, err := c.Finish(ctx, h, c.abs(u.staged()), c.Can("fsync@openssh.com", "1"), tellable(promise.ModTime(u.options, w)))
	if failed := <-others; failed != nil {
		return seen, u.lost(ctx, c, failed)
	}
	if err == nil {
		err = u.synced(ctx, c, f.Sync)
	}
	if err == nil {
		err = u.lost(ctx, c, f.Close)
	}
	if err == nil {
		err = dated(f.Time, &u.place.undated)
	}
	if err == nil {
		err = c.explain(ctx, u.staged(), f.Look)
	}
	if err != nil || f.Attrs.Size < 0 {
		return seen, err
	}
	if f.Attrs.Size > w.Size { // the server copied more into it
		if h, err = u.open(ctx, c); err != nil {
			return seen, err
		}
		u.files.forget(c)
		return seen, u.finishInSteps(ctx, c, h, w)
	}
	return f.Attrs, promise.CheckLength(u.path, f.Attrs.Size, w)
}

// reaches notes that a byte before this offset is written.
func (u *upload) reaches(end int64) {
	for {
		was := u.reach.Load()
		if end <= was || u.reach.CompareAndSwap(was, end) {
			return
		}
	}
}
