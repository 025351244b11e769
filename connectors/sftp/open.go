package sftp

import (
	"context"
	"errors"
	"io"

	"gantry/connectors"
	"gantry/connectors/promise"
	"gantry/connectors/sftp/wire"
)

// Open implements connectors.Source.
func (p *place) Open(ctx context.Context, path string, offset, length int64) (io.ReadCloser, error) {
	path, err := promise.CleanPath(path)
	if err != nil {
		return nil, err
	}
	return p.read(ctx, path, path, offset, length)
}

// read streams the file at from; errors name it path.
func (p *place) read(ctx context.Context, from, path string, offset, length int64) (io.ReadCloser, error) {
	if offset < 0 {
		return nil, connectors.Errorf(connectors.KindInvalid, "open", path, "the offset %d is negative", offset)
	}
	if err := ctx.Err(); err != nil {
		return nil, fail("open", path, err)
	}
	o := &opener{from: from, path: path}
	t, err := newTeam(ctx, p.pool, down, o.open, giveBack)
	if err != nil {
		return nil, fail("open", path, err)
	}
	return promise.Exactly(ctx, path, newStream(t, path, offset, length), length), nil
}

// An opener opens one file in several sessions, and sees that it is the same one.
type opener struct {
	from, path string
	first      *wire.Attrs
}

var errReplaced = errors.New("the file was replaced meanwhile")

func (o *opener) open(ctx context.Context, c *conn) (wire.Handle, error) {
	if o.first != nil {
		return o.again(ctx, c)
	}
	// A server that opens a FIFO waits for a writer, and we with it.
	info, err := c.stat(ctx, o.from)
	if err != nil {
		return nil, err
	}
	if err := regular("open", o.path, info); err != nil {
		return nil, err
	}
	h, err := c.Client.Open(ctx, c.abs(o.from), wire.ForRead)
	if err == nil {
		o.first = &info
	}
	return h, err
}

// again opens the file in a further session.
func (o *opener) again(ctx context.Context, c *conn) (wire.Handle, error) {
	h, err := c.Client.Open(ctx, c.abs(o.from), wire.ForRead)
	if err != nil {
		return nil, err
	}
	now, err := c.Fstat(ctx, h)
	if err == nil && (now.Size != o.first.Size || !now.ModTime.Equal(o.first.ModTime)) {
		err = errReplaced
	}
	if err != nil {
		giveBack(c, h)
	}
	return h, err
}

// giveBack closes a file that was only read, without waiting.
func giveBack(c *conn, h wire.Handle) {
	go func() { _ = c.CloseHandle(context.Background(), h) }() // ends with the session at the latest
}
