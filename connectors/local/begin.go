package local

import (
	"context"
	"errors"
	"io/fs"
	"os"

	"gantry/connectors"
	"gantry/connectors/promise"
)

// Begin implements connectors.Sink.
func (p *place) Begin(ctx context.Context, path string, o connectors.UploadOptions) (connectors.Upload, error) {
	path, err := promise.CleanPath(path)
	if err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, fail("begin", path, err)
	}
	u := &upload{place: p, id: o.Resume, path: path, options: o}
	if o.Resume != "" {
		return u, u.takeUp(ctx)
	}
	u.id = promise.NewID(path)
	return u, u.create(ctx)
}

// takeUp checks that an earlier upload is still there.
func (u *upload) takeUp(ctx context.Context) error {
	if err := promise.CheckID(u.id, u.path); err != nil {
		return err
	}
	return u.within(ctx, "take up upload of", func(root *os.Root, staged string) error {
		_, err := root.Lstat(staged)
		return err
	})
}

// create makes the staged file, and takes the room for it.
func (u *upload) create(ctx context.Context) error {
	if u.place.create {
		if err := os.MkdirAll(u.place.root, 0o777); err != nil {
			return fail("begin", u.path, err)
		}
	}
	err := u.within(ctx, "begin", func(root *os.Root, staged string) error {
		f, err := createStaged(root, staged)
		if err != nil {
			return err
		}
		if u.options.Size > 0 {
			err = ifSupported(preallocate(f, u.options.Size))
		}
		if closed := f.Close(); err == nil {
			err = closed
		}
		if err != nil {
			_ = root.Remove(staged)
		}
		return err
	})
	return err
}

// createStaged tries again when another upload has just removed the folder.
func createStaged(root *os.Root, staged string) (f *os.File, err error) {
	for range 100 {
		f, err = root.OpenFile(staged, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o666)
		if !errors.Is(err, fs.ErrNotExist) {
			return f, err
		}
		if made := root.Mkdir(promise.Folder, 0o777); made != nil && !errors.Is(made, fs.ErrExist) {
			return nil, made
		}
	}
	return nil, err
}
