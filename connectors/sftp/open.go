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
	return p.read(ctx, &opener{from: path, path: path}, offset, length)
}

func (p *place) read(ctx context.Context, o *opener, offset, length int64) (io.ReadCloser, error) {
	path := o.path
	if offset < 0 {
		return nil, connectors.Errorf(connectors.KindInvalid, "open", path, "the offset %d is negative", offset)
	}
	if err := ctx.Err(); err != nil {
		return nil, fail("open", path, err)
	}
	t, err := newTeam(ctx, p.pool, p.take, down, o.open, giveBack)
	if err != nil {
		return nil, fail("open", path, err)
	}
	p.pool.prepare(length)
	s := newStream(t, path, offset, length)
	if length > 0 {
		s.err = s.ask() // it is on its way when it is read
	}
	return promise.Exactly(ctx, path, s, length), nil
}

// An opener opens one file in several sessions, and sees that it is the same one.
type opener struct {
	from, path string // errors name it path
	ours       bool   // nobody else has this name, and we may be writing to it
	first      *wire.Attrs
}

var errReplaced = errors.New("the file was replaced meanwhile")

func (o *opener) open(ctx context.Context, c *conn) (wire.Handle, error) {
	switch {
	case o.ours:
		return c.Client.Open(ctx, c.abs(o.from), wire.ForRead)
	case o.first != nil:
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
