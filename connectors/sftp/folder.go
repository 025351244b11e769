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
	return p.do(ctx, "remove folder", path, func(c *conn) error {
		info, err := c.Lstat(c.abs(path))
		if err != nil {
			return err
		}
		if !info.IsDir() {
			return connectors.Errorf(connectors.KindInvalid, "remove folder", path, "it is a file")
		}
		err = c.RemoveDirectory(c.abs(path))
		if isStatus(err, statusFailure) {
			if left, failed := c.ReadDir(c.abs(path)); failed == nil && len(left) > 0 {
				return connectors.Errorf(connectors.KindExists, "remove folder", path, "%q is in it", left[0].Name())
			}
		}
		return err
	})
}
