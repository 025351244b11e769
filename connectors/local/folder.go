package local

import (
	"context"
	"os"

	"gantry/connectors"
)

var _ connectors.Foldered = (*place)(nil)

// RemoveFolder implements connectors.Foldered.
func (p *place) RemoveFolder(ctx context.Context, path string) error {
	return p.within(ctx, "remove folder", path, func(root *os.Root, path string) error {
		info, err := root.Lstat(path)
		switch {
		case err != nil:
			return err
		case !info.IsDir():
			return connectors.Errorf(connectors.KindInvalid, "remove folder", path, "it is a file")
		}
		if folder, err := root.Open(path); err == nil {
			left, _ := folder.ReadDir(1) // what cannot be read, the removal refuses by itself
			_ = folder.Close()
			if len(left) > 0 {
				return connectors.Errorf(connectors.KindExists, "remove folder", path, "%q is in it", left[0].Name())
			}
		}
		return root.Remove(path)
	})
}
