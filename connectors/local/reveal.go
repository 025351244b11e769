package local

import (
	"context"
	"errors"
	"fmt"
	"os"
	"syscall"

	"gantry/connectors"
	"gantry/connectors/promise"
)

var (
	_ connectors.Revealer   = (*upload)(nil)
	_ connectors.Identifier = (*place)(nil)
)

// Reveal implements connectors.Revealer by a hard link. Nobody but this process's
// user may write to the file any more.
func (u *upload) Reveal(ctx context.Context, path string) (made []string, err error) {
	path, err = promise.CleanPath(path)
	if err != nil {
		return nil, err
	}
	err = u.inGrip(ctx, "reveal", func(g *grip, staged string) error {
		root := g.root
		info, err := root.Lstat(staged)
		if err != nil {
			return err
		}
		if other, err := root.Lstat(path); err == nil && os.SameFile(info, other) {
			return nil
		}
		if err := root.Chmod(staged, info.Mode().Perm()&^0o022); err != nil && !errors.Is(err, errors.ErrUnsupported) {
			return err
		}
		lacking := promise.Lacking(path, func(folder string) bool { _, err := root.Stat(folder); return errors.Is(err, os.ErrNotExist) })
		err = u.named(path, u.place.publish(g, path, func() error { return root.Link(staged, path) }))
		if err == nil {
			made = lacking
		}
		return err
	})
	return made, err
}

// named explains why a file has got no second name.
func (u *upload) named(path string, err error) error {
	switch {
	case errors.Is(err, os.ErrExist):
		return &connectors.Error{
			Kind: connectors.KindExists, Op: "reveal", Path: path, Err: errors.New("there is a file already, which is not replaced"),
			Remedy: "remove it, or reveal the copy under another name",
		}
	case errors.Is(err, syscall.EPERM), errors.Is(err, errors.ErrUnsupported), errors.Is(err, syscall.EMLINK):
		return &connectors.Error{
			Kind: connectors.KindUnsupported, Op: "reveal", Path: path, Err: fmt.Errorf("the file system gives a file no second name: %w", err),
			Remedy: "leave reveal out, or send to a volume with hard links",
		}
	}
	return err
}

// Identity implements connectors.Identifier: the inode and, since its number is
// soon given to another file, when it was made.
func (p *place) Identity(ctx context.Context, path string) (identity string, err error) {
	err = p.within(ctx, "identify", path, func(root *os.Root, path string) error {
		info, err := root.Stat(path)
		if err != nil {
			return err
		}
		if err := regular("identify", path, info); err != nil {
			return err
		}
		identity = identityOf(p.root+"/"+path, info)
		return nil
	})
	return identity, err
}
