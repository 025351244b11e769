package local

import (
	"context"
	"errors"
	"os"

	"gantry/connectors"
)

var _ connectors.Filler = (*upload)(nil)

// Fill implements connectors.Filler: the staged file gets all blocks of the original,
// where the file system can share them (reflink). Elsewhere the bytes would have to be
// read and written all the same.
func (u *upload) Fill(ctx context.Context, other any, from connectors.Entry) error {
	holder, ok := connectors.Innermost(other).(interface{ self() *place })
	if !ok {
		return connectors.Errorf(connectors.KindUnsupported, "copy", from.Path, "it is not on a disk of this machine")
	}
	source := holder.self()
	return source.within(ctx, "copy", from.Path, func(root *os.Root, path string) error {
		original, _, err := source.openFile(root, path, "copy")
		if err != nil {
			return err
		}
		defer original.Close()
		info, err := original.Stat()
		if err != nil {
			return err
		}
		if version(info) != from.Version || info.Size() != from.Size {
			return connectors.Errorf(connectors.KindChanged, "copy", from.Path, "it is another version by now")
		}
		return u.within(ctx, "copy", func(root *os.Root, staged string) error {
			target, err := root.OpenFile(staged, os.O_RDWR, 0)
			if err != nil {
				return err
			}
			err = cloned(from.Path, target, original)
			if closed := target.Close(); err == nil {
				err = closed
			}
			return err
		})
	})
}

// cloned makes the target share the blocks of the original, durably.
func cloned(path string, target, original *os.File) error {
	if err := clone(target, original); err != nil {
		return connectors.Errorf(connectors.KindUnsupported, "copy", path, "the file system does not let files share their blocks: %w", errors.Join(err))
	}
	return ifSupported(target.Sync())
}
