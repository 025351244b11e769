package sftp

import (
	"context"
	"io/fs"

	"gantry/connectors"
	"gantry/connectors/promise"
)

var _ connectors.Twinner = (*place)(nil)

// SameFile implements connectors.Twinner.
func (p *place) SameFile(ctx context.Context, own, second string) (bool, error) {
	own, err := promise.CleanPath(own)
	if err != nil {
		return false, err
	}
	if second, err = promise.CleanPath(second); err != nil {
		return false, err
	}
	return ask(ctx, p, "compare", second, func(ctx context.Context, c *conn) (bool, error) { return c.same(ctx, own, second) })
}

// ownerRuns is the right of a file's owner to run it: nobody needs it, nor minds it, of
// media, and no write changes it.
const ownerRuns fs.FileMode = 0o100

// same tells whether a second path names the file at a path of ours. The protocol tells of
// no inode, and sizes and seconds are soon alike: so the right to run our file is turned
// and turned back, which has to be seen at the second path each time.
func (c *conn) same(ctx context.Context, own, second string) (same bool, err error) {
	err = through(ctx, func(ctx context.Context) error {
		one, err := c.lstat(ctx, own)
		if err != nil {
			return err
		}
		two, err := c.lstat(ctx, second)
		if err != nil {
			return err
		}
		if !one.Typed || !two.Typed || !one.Mode.IsRegular() || !two.Mode.IsRegular() || one.Mode != two.Mode {
			return nil
		}
		was := one.Mode.Perm()
		follows, err := c.follows(ctx, own, second, was^ownerRuns)
		back, failed := c.follows(ctx, own, second, was)
		same = follows && back
		if err == nil {
			err = failed
		}
		return err
	})
	return same && err == nil, err
}

// follows changes the mode of a file, and tells whether that is seen at a second path.
// It is not where the server refuses.
func (c *conn) follows(ctx context.Context, own, second string, mode fs.FileMode) (bool, error) {
	if err := c.Chmod(ctx, c.abs(own), mode); refused(err) {
		return false, nil
	} else if err != nil {
		return false, err
	}
	now, err := c.lstat(ctx, second)
	return err == nil && now.Mode == mode, err
}
