package local

import (
	"context"
	"io"
	"io/fs"
	"sync"

	"gantry/connectors"
	"gantry/connectors/promise"
)

// OpenAs implements connectors.Pinner by the inode and the time of its last change:
// the file has to have them when it is opened, and still when its last byte is given.
func (p *place) OpenAs(ctx context.Context, e connectors.Entry, offset, length int64) (r io.ReadCloser, err error) {
	if e.Version == "" {
		return nil, connectors.Errorf(connectors.KindInvalid, "open", e.Path, "no version of it is named")
	}
	err = p.inGrip(ctx, "open", e.Path, func(g *grip, path string) error {
		if offset < 0 {
			return connectors.Errorf(connectors.KindInvalid, "open", path, "the offset %d is negative", offset)
		}
		f, info, err := openKnown(g.root, path, "open")
		if err != nil {
			return err
		}
		pinned := &pinned{e: e, left: e.Size - offset}
		if length >= 0 {
			pinned.left = min(pinned.left, length)
		}
		if pinned.reader, err = p.stream(f, info, path, offset, length); err == nil {
			err = pinned.compare(info)
		}
		if err == nil {
			err = ctx.Err() // or nobody might be left to close it
		}
		if err != nil {
			_ = f.Close()
			return err
		}
		pinned.grip = g.more()
		r = promise.Exactly(ctx, path, pinned, length)
		return nil
	})
	return r, err
}

// A pinned reader gives the last of its bytes only if the file is still the same
// version.
type pinned struct {
	*reader
	e    connectors.Entry
	left int64
	grip *grip // let go with the file
	once sync.Once
}

func (r *pinned) Close() error {
	defer r.once.Do(r.grip.letGo)
	return r.reader.Close()
}

func (r *pinned) Read(b []byte) (int, error) {
	n, err := r.reader.Read(b)
	if r.left -= int64(n); r.left > 0 && err == nil {
		return n, nil
	}
	if changed := r.check(); changed != nil {
		return 0, changed
	}
	return n, err
}

func (r *pinned) check() error {
	info, err := r.f.Stat()
	if err != nil {
		return fail("read", r.path, err)
	}
	return r.compare(info)
}

func (r *pinned) compare(info fs.FileInfo) error {
	if info.Size() != r.e.Size || version(info) != r.e.Version {
		return connectors.Errorf(connectors.KindChanged, "read", r.path, "it is another version by now (%s)",
			connectors.Differences(r.e, connectors.Entry{Size: info.Size(), ModTime: info.ModTime(), Version: version(info)}))
	}
	return nil
}
