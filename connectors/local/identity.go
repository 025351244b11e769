package local

import (
	"errors"
	"os"
	"path/filepath"
	"sync"

	"gantry/connectors"
	"gantry/connectors/local/fskind"
)

// folderID tells one folder from another on this machine.
type folderID struct{ device, inode uint64 }

// identity remembers what the root was when it was seen first, so that a mount
// point whose volume has gone is not taken for an empty place.
type identity struct {
	path string // of the root
	free bool   // a marker tells the right volume, whatever it is called now

	mu     sync.Mutex
	seen   bool
	remote bool
	last   sight
	inside map[string]mount // the volumes mounted below it
}

// A sight is what one look at the root gave.
type sight struct {
	id     folderID
	volume uint64  // 0 = not known
	chain  []mount // the mounts that it lies in, the outermost first
}

var (
	errLost      = errors.New("the volume of the root is not mounted any more")
	errExchanged = errors.New("another volume is mounted where the root was")
)

// admit takes in the root at its first sight, and refuses one on another volume.
// A volume that is mounted over an empty mount point is welcome.
func (i *identity) admit(root *os.Root, op, path string) error {
	info, err := root.Stat(".")
	if err != nil {
		return fail(op, path, err)
	}
	now := sight{id: identify(info)}
	i.mu.Lock()
	defer i.mu.Unlock()
	if !i.remote {
		now.volume = volumeOf(i.path) // another card may come under the same numbers
	}
	if i.seen && i.last.id == now.id && i.last.volume == now.volume {
		return nil
	}
	real, list := i.look()
	now.volume, now.chain = volumeOf(real), around(list, real)
	if i.seen && !i.free {
		if err := judgeSight(i.last, now); err != nil {
			return &connectors.Error{
				Kind: connectors.KindUnavailable, Op: op, Path: path, Err: err,
				Remedy: "mount the volume of " + i.path + " again; if the exchange is meant, open the location anew, or name a marker that all its volumes have",
			}
		}
	}
	if i.remote = fskind.Of(real).Remote; i.remote {
		now.volume = 0 // asking for it is a call to the server
	}
	i.seen, i.last, i.inside = true, now, below(list, real)
	return nil
}

// judgeSight says whether a root is still the same volume, or has become one.
func judgeSight(was, now sight) error {
	if was.volume != 0 && was.volume == now.volume && was.id.inode == now.id.inode {
		return nil
	}
	if len(was.chain) == 0 || len(now.chain) == 0 {
		if was.id.device != now.id.device {
			return errExchanged
		}
		return nil
	}
	switch v := judge(was.chain, now.chain); {
	case v == rootLost:
		return errLost
	case v == rootExchanged, v == rootSame && was.volume != 0 && now.volume != 0 && was.volume != now.volume:
		return errExchanged
	default:
		return nil
	}
}

// look resolves the links of as much of the root's path as is there.
func (i *identity) look() (real string, list []mount) {
	rest := ""
	for dir := i.path; ; dir = filepath.Dir(dir) {
		if real, err := filepath.EvalSymlinks(dir); err == nil {
			return filepath.Join(real, rest), mounts()
		}
		if dir == filepath.Dir(dir) {
			return i.path, mounts()
		}
		rest = filepath.Join(filepath.Base(dir), rest)
	}
}

// mayMake refuses to make a root whose volume was here before.
func (i *identity) mayMake() error {
	i.mu.Lock()
	defer i.mu.Unlock()
	if !i.seen {
		return nil
	}
	real, list := i.look()
	if v := judge(i.last.chain, around(list, real)); v == rootLost || v == rootExchanged {
		return &connectors.Error{
			Kind: connectors.KindUnavailable, Op: "make", Path: i.path, Err: errLost, Remedy: "mount the volume again",
		}
	}
	return nil
}
