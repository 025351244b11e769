package transfer

import (
	"context"
	"crypto/rand"
	"os"
	"path/filepath"

	"gantry/connectors"
)

type received struct {
	file  string
	whole bool
}

// received gives what there is of a file; it needs the lock. What is a proof gets a
// name that no earlier run can have left.
func (d *depot) received(path string) *received {
	r := d.here[path]
	if r == nil {
		r = &received{file: filepath.Join(d.own, "in-"+scratchName(d.from+"\x00"+path))}
		if d.fresh {
			r.file = filepath.Join(d.own, "back-"+rand.Text())
		}
		d.here[path] = r
	}
	return r
}

// collect receives the file, unless this run has done so. told is told of the bytes
// that have arrived; it may be nil.
func (d *depot) collect(ctx context.Context, path string, told func(int64)) error {
	if d.has(path) {
		return nil
	}
	size := int64(-1)
	if entry, err := d.statter.Stat(ctx, path); err == nil {
		size = entry.Size
	} else if connectors.KindOf(err) != connectors.KindUnsupported {
		return err
	}
	return d.receive(ctx, path, size, told)
}

// receive is collect for a file that cannot be looked at, or was already.
func (d *depot) receive(ctx context.Context, path string, size int64, told func(int64)) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	r := d.received(path)
	if r.whole {
		return nil
	}
	if err := os.MkdirAll(d.own, 0o700); err != nil {
		return d.trouble("stage", path, err)
	}
	l, err := d.room.take(path, size, occupied(r.file))
	if err != nil {
		return err
	}
	defer l.drop()
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	m := connectors.Movement{Receive: true, Path: path, File: r.file, Size: size, Progress: func(bytes int64) {
		if told != nil {
			told(bytes)
		}
		if err := l.arrived(bytes); err != nil {
			cancel(err)
		}
	}}
	_, _, err = d.carry(ctx, m)
	r.whole = err == nil
	return err
}

// forget removes what was received of a path.
func (d *depot) forget(path string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, name := range beside(d.received(path).file) {
		_ = os.Remove(name) // a proof has another name next time, and the job's end removes all
	}
	delete(d.here, path)
}
