package sftp

import (
	"context"

	"gantry/connectors"
	"gantry/connectors/promise"
)

var _ connectors.Foldered = (*place)(nil)

// RemoveFolder implements connectors.Foldered. The protocol has no code for a
// folder that is not empty: it is listed to tell.
func (p *place) RemoveFolder(ctx context.Context, path string) error {
	path, err := promise.CleanPath(path)
	if err != nil {
		return err
	}
	return p.do(ctx, "remove folder", path, func(ctx context.Context, c *conn) error {
		info, err := c.lstat(ctx, path)
		if err != nil {
			return err
		}
		if !info.Mode.IsDir() {
			return connectors.Errorf(connectors.KindInvalid, "remove folder", path, "it is a file")
		}
		err = c.Rmdir(ctx, c.abs(path))
		if refused(err) {
			if left, failed := c.readFolder(ctx, path); failed == nil && len(left) > 0 {
				return connectors.Errorf(connectors.KindExists, "remove folder", path, "%q is in it", left[0].Name)
			}
		}
		return err
	})
}
