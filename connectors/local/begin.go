package local

import (
	"context"
	"errors"
	"fmt"
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
	if err := p.fits(path, o.Size); err != nil {
		return nil, err
	}
	u := &upload{place: p, id: o.Resume, path: path, options: o}
	if o.Resume != "" {
		return u, u.takeUp(ctx)
	}
	u.id = promise.NewID(path)
	if err := u.create(ctx); err != nil {
		return u, p.neverFits(path, o.Size, err)
	}
	return u, nil
}

// neverFits tells a file that is larger than the whole volume from one for which there is no room now.
func (p *place) neverFits(path string, size int64, err error) error {
	if total := volumeSize(p.root); connectors.KindOf(err) == connectors.KindNoSpace && total > 0 && size > total {
		return &connectors.Error{
			Kind: connectors.KindInvalid, Op: "begin", Path: path,
			Err:    fmt.Errorf("the file has %d bytes, and the whole volume %d", size, total),
			Remedy: "send it to a larger volume; one of which most is zeros may fit with the option sparse=true",
		}
	}
	return err
}

func (p *place) fits(path string, size int64) error {
	kind, _, _ := p.facts.get()
	if kind.MaxSize == 0 || size <= kind.MaxSize {
		return nil
	}
	return &connectors.Error{
		Kind: connectors.KindInvalid, Op: "begin", Path: path,
		Err:    fmt.Errorf("files on %s have %d bytes at most, and this one has %d", kind.Name, kind.MaxSize, size),
		Remedy: "send it to a volume with another file system",
	}
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
	err := u.stage(ctx)
	if u.place.set.create && errors.Is(err, fs.ErrNotExist) { // the root is seldom missing
		if err := u.place.makeRoot(u.path); err != nil {
			return err
		}
		err = u.stage(ctx)
	}
	return err
}

func (u *upload) stage(ctx context.Context) error {
	return u.inGrip(ctx, "begin", func(g *grip, staged string) error {
		root := g.root
		f, err := u.createAt(g, staged)
		if err != nil {
			return err
		}
		if err = u.prepare(g, f, staged); err == nil && u.hold(f, g) {
			return nil
		}
		if closed := f.Close(); err == nil {
			err = closed
		}
		if err != nil {
			_ = root.Remove(staged)
		}
		return err
	})
}

func (p *place) makeRoot(path string) error {
	if !p.set.create {
		return nil
	}
	_, err := os.Stat(p.root)
	if !errors.Is(err, fs.ErrNotExist) {
		return nil // what else is wrong shows when it is opened
	}
	if err := p.identity.mayMake(); err != nil {
		return err
	}
	return fail("begin", path, os.MkdirAll(p.root, 0o777))
}

func (u *upload) prepare(g *grip, f *os.File, staged string) error {
	u.place.facts.learn(u.place.root, g.root, staged)
	if !g.lacks(u.path) {
		if err := u.place.refuseTwin(g.root, "begin", u.path, 0, nil); err != nil {
			return err
		}
	}
	if err := u.takeRoom(f); err != nil {
		return err
	}
	return u.place.carryXattrs(f, u.options.Metadata[XattrsKey])
}

// atOnce is the size up to which a file is written in one go: what is taken in
// advance, or synced before the commit does, is work for nothing.
const atOnce = 1 << 20

// takeRoom has a large file fail now rather than at its end, and lie in one piece.
// In memory there are no pieces, and each page taken would be cleared for nothing.
func (u *upload) takeRoom(f *os.File) error {
	if u.options.Size <= atOnce || u.place.set.sparse == sparseYes {
		return nil
	}
	if kind, _, _ := u.place.facts.get(); kind.Name == "tmpfs" {
		return roomFor(f, u.options.Size)
	}
	return ifSupported(preallocate(f, u.options.Size))
}

// createAt makes the staged file of a small upload by the folder that is held open.
func (u *upload) createAt(g *grip, staged string) (*os.File, error) {
	if u.brief() {
		if stage := g.staging(); stage != nil {
			f, err := createIn(stage.dir, u.id)
			stage.done()
			if err == nil {
				return f, nil
			}
		}
	}
	return createStaged(g.root, staged, u.place.set.fileMode)
}

// createStaged tries again when another upload has just removed the folder.
func createStaged(root *os.Root, staged string, mode fs.FileMode) (f *os.File, err error) {
	if mode = mode.Perm(); mode == 0 {
		mode = 0o666
	}
	for range 100 {
		f, err = root.OpenFile(staged, os.O_CREATE|os.O_EXCL|os.O_RDWR, mode|0o600)
		if !errors.Is(err, fs.ErrNotExist) {
			return f, err
		}
		if made := root.Mkdir(promise.Folder, 0o777); made != nil && !errors.Is(made, fs.ErrExist) {
			return nil, made
		}
	}
	return nil, err
}
