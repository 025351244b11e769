package local

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"syscall"

	"gantry/connectors"
	"gantry/connectors/promise"
)

// Commit implements connectors.Upload.
func (u *upload) Commit(ctx context.Context, w connectors.Whole) (entry connectors.Entry, err error) {
	if err := promise.CheckWhole(u.path, w); err != nil {
		return connectors.Entry{}, err
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.committed != nil && ctx.Err() == nil {
		return *u.committed, nil
	}
	err = u.inGrip(ctx, "commit", func(g *grip, staged string) error {
		if err := u.finish(g, staged, w); err != nil {
			return err
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := u.place.publish(g, u.path, func() error { return u.rename(g, staged) }); err != nil {
			return err
		}
		entry, err = stat(g.root, u.path)
		return err
	})
	if err != nil {
		return connectors.Entry{}, err
	}
	u.committed = &entry
	return entry, nil
}

// finish makes the staged file what the object shall be, and durable. The sync is
// waited for, also by who cancels: it is short, since the parts are on the disk
// already, and its error must not get lost.
func (u *upload) finish(g *grip, staged string, w connectors.Whole) error {
	f, info, err := u.again(g, staged)
	if err != nil {
		return err
	}
	if err := u.trim(f, info, w); err != nil {
		_ = f.Close()
		return err
	}
	if u.place.set.durable {
		err = ifSupported(f.Sync())
	}
	if closed := f.Close(); err == nil {
		err = closed
	}
	if errors.Is(err, syscall.EIO) {
		// The kernel tells of a lost write once: the next sync would say that all is well.
		_ = g.root.Remove(staged)
		return &connectors.Error{
			Kind: connectors.KindUnavailable, Op: "commit", Path: u.path, Err: err,
			Remedy: "check the disk; what was written cannot be trusted and was removed: begin again",
		}
	}
	return err
}

// trim makes f, which is as info says, as long and as old as it shall be.
func (u *upload) trim(f *os.File, info fs.FileInfo, w connectors.Whole) error {
	if err := promise.CheckLength(u.path, info.Size(), w); err != nil {
		return err
	}
	if info.Size() > w.Size || u.options.Size > w.Size { // also gives back what was allocated in advance
		if err := f.Truncate(w.Size); err != nil {
			return err
		}
	}
	if mode := u.place.set.fileMode; mode != 0 {
		if err := f.Chmod(mode); err != nil {
			return err
		}
	}
	modified := promise.ModTime(u.options, w)
	if modified.IsZero() {
		return nil
	}
	return setTime(f, modified)
}

// rename puts the staged file at its path, over what is there unless that is
// another name in the eyes of people.
func (u *upload) rename(g *grip, staged string) error {
	root := g.root
	_, names, _ := u.place.facts.get()
	if !u.options.Exclusive && names == (folds{}) && g.lacks(u.path) {
		if done, err := g.rename(u.id, u.path); done {
			return err
		}
	}
	if u.options.Exclusive {
		err := renameNew(root, staged, u.path)
		if errors.Is(err, os.ErrExist) {
			return connectors.Errorf(connectors.KindExists, "commit", u.path, "there is a file already")
		}
		return err
	}
	for range 100 {
		if err := u.place.refuseTwin(root, "commit", u.path, len(u.path), nil); err != nil {
			return err
		}
		_, names, _ := u.place.facts.get()
		if names == (folds{}) || exists(root, u.path) {
			break
		}
		// A twin may come at this very moment: only a free name is taken.
		if err := renameNew(root, staged, u.path); !errors.Is(err, os.ErrExist) {
			return err
		}
	}
	return root.Rename(staged, u.path)
}

// linkNew gives a file a second name, which must be free, and takes its first. A
// crash in between is made good by the next attempt.
func linkNew(root *os.Root, from, to string) error {
	err := root.Link(from, to)
	if errors.Is(err, os.ErrExist) {
		a, errA := root.Lstat(from)
		b, errB := root.Lstat(to)
		if errA != nil || errB != nil || !os.SameFile(a, b) {
			return err
		}
		err = nil
	}
	if err != nil {
		return err
	}
	return root.Remove(from)
}
