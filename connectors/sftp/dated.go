package sftp

import (
	"context"
	"io"
	"sync"
	"time"

	"gantry/connectors"
	"gantry/connectors/promise"
	"gantry/connectors/sftp/wire"
)

var _ connectors.DatedPinner = (*place)(nil)

// PinsByTime implements connectors.DatedPinner.
func (p *place) PinsByTime() {}

// OpenAs implements connectors.Pinner for all of a file, by its size and time. It takes two
// exchanges with OpenSSH: one opens the file, and one brings its bytes, and what it was
// when they had been read.
func (p *place) OpenAs(ctx context.Context, e connectors.Entry, offset, length int64) (io.ReadCloser, error) {
	path, err := promise.CleanPath(e.Path)
	if err != nil {
		return nil, err
	}
	if e.Version != "" || e.ModTime.IsZero() || offset != 0 || length != e.Size || length <= 0 {
		return nil, connectors.Errorf(connectors.KindInvalid, "open", path, "a version is opened as a whole, by its time")
	}
	if err := ctx.Err(); err != nil {
		return nil, fail("open", path, err)
	}
	c, err := p.take(ctx)
	if err != nil {
		return nil, fail("open", path, err)
	}
	v := &version{conn: c, entry: e, path: path, buffer: versionBuffer(int(length), c.read)}
	v.fetch, err = c.Fetch(ctx, c.abs(path), (*v.buffer)[:length], c.read, c.link.isOpenSSH())
	if err != nil {
		c.release()
		return nil, fail("open", path, err)
	}
	v.ctx, v.cancel = context.WithCancel(ctx)
	return v, nil
}

// versionBuffer keeps nothing for later of sizes that few files have.
func versionBuffer(size, request int) *[]byte {
	if size > request {
		b := make([]byte, size)
		return &b
	}
	return newBuffer(size, request)
}

// A version is a file of which every byte has to be of the version that a listing told of:
// the last ones are given once that is known.
type version struct {
	mu     sync.Mutex
	ctx    context.Context
	cancel context.CancelFunc
	conn   *conn
	entry  connectors.Entry
	path   string
	fetch  *wire.Fetch
	buffer *[]byte // nil once it is closed
	given  int
	come   int
	err    error
}

// Read implements io.Reader.
func (v *version) Read(b []byte) (int, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.given == v.come && v.err == nil {
		v.err = v.more()
	}
	if v.given == v.come {
		return 0, v.err
	}
	n := copy(b, (*v.buffer)[v.given:v.come])
	v.given += n
	return n, nil
}

// more waits for the answer to another request.
func (v *version) more() error {
	if v.whole() {
		return io.EOF
	}
	n, err := v.fetch.Next(v.ctx)
	if err == nil && v.come+n < int(v.entry.Size) {
		v.come += n
		return nil
	}
	if err == nil || refused(err) {
		if differs := v.look(); differs != nil {
			err = differs
		}
	}
	if err != nil {
		(&lane{conn: v.conn}).blame(v.ctx)
		return fail("read", v.path, err)
	}
	v.come += n
	return nil
}

// look sees that the file is still the version.
func (v *version) look() error {
	now, err := v.fetch.Look(v.ctx)
	if err == nil && !(now.Mode.IsRegular() && now.Size == v.entry.Size && now.ModTime.Equal(v.entry.ModTime)) {
		err = connectors.Errorf(connectors.KindChanged, "read", v.path, "it has %d bytes of %s by now, and had %d of %s",
			now.Size, now.ModTime.Format(time.RFC3339), v.entry.Size, v.entry.ModTime.Format(time.RFC3339))
	}
	return err
}

func (v *version) whole() bool { return v.come == int(v.entry.Size) }

// Close implements io.Closer, and ends a Read that waits. Answers that are still to come
// may be written into the buffer.
func (v *version) Close() error {
	v.cancel()
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.buffer == nil {
		return nil
	}
	if v.whole() {
		recycle(v.buffer)
	}
	v.buffer, v.given, v.err = nil, v.come, io.ErrClosedPipe
	v.fetch.Over()
	v.conn.release()
	return nil
}
