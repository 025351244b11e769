package local

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"syscall"
	"time"

	"gantry/connectors"
	"gantry/connectors/promise"
)

// Traits implements connectors.Place.
func (p *place) Traits() connectors.Traits {
	return connectors.Traits{AtomicCommit: true, TimePrecision: time.Microsecond}
}

// Close implements connectors.Place.
func (p *place) Close() error {
	p.close()
	root, err := os.OpenRoot(p.root)
	if err != nil {
		return nil // without a root there is nothing to tidy
	}
	defer root.Close()
	_ = root.Remove(promise.Folder) // stays as long as it holds uploads
	return nil
}

// within runs a call on a clean path inside the root.
func (p *place) within(ctx context.Context, op, path string, call func(root *os.Root, path string) error) error {
	path, err := promise.CleanPath(path)
	if err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return fail(op, path, err)
	}
	root, err := p.openRoot(op, path)
	if err != nil {
		return err
	}
	defer root.Close()
	return fail(op, path, call(root, path))
}

// Stat implements connectors.Source and connectors.Sink.
func (p *place) Stat(ctx context.Context, path string) (entry connectors.Entry, err error) {
	err = p.within(ctx, "stat", path, func(root *os.Root, path string) error {
		entry, err = stat(root, path)
		return err
	})
	return entry, err
}

func stat(root *os.Root, path string) (connectors.Entry, error) {
	info, err := root.Stat(path)
	if err != nil {
		return connectors.Entry{}, err
	}
	if err := regular("stat", path, info); err != nil {
		return connectors.Entry{}, err
	}
	return entryOf(path, info), nil
}

func entryOf(path string, info fs.FileInfo) connectors.Entry {
	return connectors.Entry{Path: path, Size: info.Size(), ModTime: info.ModTime().UTC(), Version: version(info)}
}

func regular(op, path string, info fs.FileInfo) error {
	if !info.Mode().IsRegular() {
		return connectors.Errorf(connectors.KindNotFound, op, path, "what is there is no file (%s)", info.Mode().Type())
	}
	return nil
}

// Remove implements connectors.Sink. A link is removed, not what it leads to.
func (p *place) Remove(ctx context.Context, path string) error {
	return p.within(ctx, "remove", path, func(root *os.Root, path string) error {
		info, err := root.Lstat(path)
		if err != nil {
			return err
		}
		if info.IsDir() {
			return regular("remove", path, info)
		}
		return root.Remove(path)
	})
}

// Rename implements connectors.Renamer.
func (p *place) Rename(ctx context.Context, from, to string) error {
	to, err := promise.CleanPath(to)
	if err != nil {
		return err
	}
	return p.within(ctx, "rename", from, func(root *os.Root, from string) error {
		info, err := root.Lstat(from)
		if err != nil {
			return err
		}
		if err := regular("rename", from, info); err != nil {
			return err
		}
		return publish(root, to, func() error { return root.Rename(from, to) })
	})
}

// publish runs rename, which puts a file at path, makes the folders that it
// lacks, and syncs what changed.
func publish(root *os.Root, path string, rename func() error) error {
	err := rename()
	lacking := errors.Is(err, fs.ErrNotExist) && folder(path) != "."
	if lacking {
		if err = root.MkdirAll(folder(path), 0o777); err == nil {
			err = rename()
		}
		if errors.Is(err, fs.ErrExist) {
			err = syscall.ENOTDIR
		}
	}
	if errors.Is(err, syscall.ENOTDIR) {
		return connectors.Errorf(connectors.KindInvalid, "make the folder of", path, "a file stands where a folder is needed")
	}
	if err != nil {
		return err
	}
	return syncFolders(root, folder(path), lacking)
}
