package local

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"gantry/connectors"
	"gantry/connectors/local/lease"
)

// self is the place, also of one that can do more.
func (p *place) self() *place { return p }

// Near implements connectors.Taker: by the devices of the two roots. Volumes that are
// mounted below them are found out when a file is taken over.
func (p *place) Near(other any) bool {
	holder, ok := connectors.Innermost(other).(interface{ self() *place })
	if !ok || p.set.fileMode != 0 {
		return false
	}
	return device(p.root) == device(holder.self().root)
}

// device is that of the folder, or of the nearest one above it that is there; 0 where
// that is not known.
func device(folder string) uint64 {
	info, err := os.Stat(folder)
	for ; errors.Is(err, fs.ErrNotExist) && filepath.Dir(folder) != folder; info, err = os.Stat(folder) {
		folder = filepath.Dir(folder)
	}
	if err != nil {
		return 0
	}
	return identify(info).device
}

// TakeOver implements connectors.Taker, within one file system. A place that gives its
// files a mode makes copies. So it does of a file that has another name or is open for
// writing: what is written by that way later would change what was delivered.
func (p *place) TakeOver(ctx context.Context, other any, from connectors.Entry, to string) (entry connectors.Entry, err error) {
	holder, ok := connectors.Innermost(other).(interface{ self() *place })
	if !ok || p.set.fileMode != 0 {
		return entry, notTaken(from.Path, errors.ErrUnsupported)
	}
	if err := p.makeRoot(to); err != nil {
		return entry, err
	}
	source := holder.self()
	err = p.inGrip(ctx, "rename", to, func(root *grip, to string) error {
		if err := p.refuseTwin(root.root, "rename", to, 0, nil); err != nil {
			return err
		}
		return source.inGrip(ctx, "rename", from.Path, func(home *grip, path string) error {
			t := taking{p, source, root, home, path, to}
			entry, err = t.run(from)
			return err
		})
	})
	return entry, err
}

// A taking is one file on its way from a root to another one.
type taking struct {
	place, source *place
	root, home    *grip
	from, to      string
}

func (t taking) run(from connectors.Entry) (entry connectors.Entry, err error) {
	before, err := t.durable(from)
	if err != nil {
		return entry, err
	}
	renamed := false
	err = t.place.publish(t.root, t.to, func() error {
		err := moveNew(t.home.root, t.from, t.root.root, t.to)
		renamed = err == nil
		return err
	})
	switch {
	case renamed && err != nil: // and perhaps not for good
		return entry, err
	case errors.Is(err, fs.ErrExist):
		return entry, connectors.Errorf(connectors.KindExists, "rename", t.to, "there is a file already")
	case errors.Is(err, fs.ErrNotExist):
		return entry, err
	case kept(err):
		return entry, notTaken(t.from, err)
	case err != nil:
		return entry, err
	}
	now, err := t.root.root.Lstat(t.to)
	if err != nil {
		return entry, err
	}
	if !os.SameFile(now, before) || now.Size() != from.Size || !now.ModTime().Equal(from.ModTime) {
		if err := moveNew(t.root.root, t.to, t.home.root, t.from); err != nil {
			return entry, connectors.Errorf(connectors.KindOther, "rename", t.from, "another version of it was renamed to %s, and does not get its old path back: %w", t.to, err)
		}
		return entry, t.another()
	}
	if t.source.set.durable {
		err = t.source.syncs.folder(t.home, folder(t.from))
	}
	return entryOf(t.to, now), err
}

// durable sees to it that the file is the one that is meant, and on the disk: whoever
// has written it need not have waited for that.
func (t taking) durable(from connectors.Entry) (fs.FileInfo, error) {
	info, err := t.home.root.Lstat(t.from)
	switch {
	case err != nil:
		return nil, err
	case !info.Mode().IsRegular(): // a link would lead elsewhere from there
		return nil, notTaken(t.from, errors.New("it is "+sort(info.Mode())))
	}
	f, _, err := t.source.openFile(t.home.root, t.from, "rename")
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err = f.Stat()
	writer, told := lease.Writer(f)
	switch {
	case err != nil:
		return nil, err
	case links(info) > 1:
		return nil, notTaken(t.from, errors.New("it has another name (a hard link)"))
	case writer && told:
		return nil, notTaken(t.from, errors.New("somebody has it open for writing"))
	case !entryOf(from.Path, info).SameVersion(from):
		return nil, t.another()
	case !t.place.set.durable:
		return info, nil
	}
	return info, ifSupported(f.Sync())
}

func (t taking) another() error {
	return connectors.Errorf(connectors.KindChanged, "rename", t.from, "it is another version by now")
}

// kept tells of errors with which a rename leaves all as it was.
func kept(err error) bool {
	for _, e := range []syscall.Errno{syscall.EXDEV, syscall.EPERM, syscall.EACCES, syscall.EINVAL, syscall.ENOSYS, syscall.EROFS, syscall.EMLINK, syscall.EDQUOT, syscall.ENOSPC, syscall.ENOTSUP} {
		if errors.Is(err, e) {
			return true
		}
	}
	return false
}

func notTaken(path string, why error) error {
	return connectors.Errorf(connectors.KindUnsupported, "rename", path, "it is not of the same storage, or that does not rename it: %w", why)
}
