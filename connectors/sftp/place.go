package sftp

import (
	"context"
	"errors"
	"io/fs"
	"net"
	"sync/atomic"
	"time"

	"gantry/connectors"
	"gantry/connectors/promise"
)

// place keeps one connection, and makes it anew when it was lost.
type place struct {
	config
	atomic atomic.Bool   // the server replaces files in one step
	turn   chan struct{} // held by whoever looks at conn
	conn   *conn
	open   context.Context // ends when the place is closed
	close  context.CancelFunc
}

var (
	_ connectors.Place   = (*place)(nil)
	_ connectors.Renamer = (*place)(nil)
)

func newPlace(c config) *place {
	p := &place{config: c, turn: make(chan struct{}, 1)}
	p.open, p.close = context.WithCancel(context.Background())
	return p
}

// connection gives the living connection.
func (p *place) connection(ctx context.Context) (*conn, error) {
	select {
	case p.turn <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	defer func() { <-p.turn }()
	if p.open.Err() != nil {
		return nil, connectors.Errorf(connectors.KindOther, "use", p.url, "the place was closed")
	}
	if p.conn != nil {
		select {
		case <-p.conn.done:
		default:
			return p.conn, nil
		}
	}
	dialling, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(p.open, cancel)()
	made, err := dial(dialling, p.config)
	if err != nil {
		return nil, err
	}
	p.conn = made
	p.atomic.Store(made.canReplace())
	return made, nil
}

// Close implements connectors.Place.
func (p *place) Close() error {
	p.close()
	p.turn <- struct{}{}
	defer func() { <-p.turn }()
	if p.conn == nil {
		return nil
	}
	c := p.conn
	p.conn = nil
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	_ = promise.Do(ctx, func() error { return c.RemoveDirectory(c.abs(promise.Folder)) }) // stays as long as it holds uploads
	if err := c.wire.Close(); !errors.Is(err, net.ErrClosed) {
		return fail("close", p.url, err)
	}
	return nil
}

// Traits implements connectors.Place.
func (p *place) Traits() connectors.Traits {
	return connectors.Traits{AtomicCommit: p.atomic.Load(), TimePrecision: time.Second}
}

// ask makes a call on the connection, and ends when ctx does. drop releases a
// result that came too late; it may be nil.
func ask[T any](ctx context.Context, p *place, op, path string, call func(c *conn) (T, error), drop func(T)) (T, error) {
	var none T
	if err := ctx.Err(); err != nil {
		return none, fail(op, path, err)
	}
	c, err := p.connection(ctx)
	if err != nil {
		return none, fail(op, path, err)
	}
	value, err := promise.Await(ctx, func() (T, error) { return call(c) }, drop)
	return value, c.fail(op, path, err)
}

// do is ask for calls without a result.
func (p *place) do(ctx context.Context, op, path string, call func(c *conn) error) error {
	_, err := ask(ctx, p, op, path, func(c *conn) (struct{}, error) { return struct{}{}, call(c) }, nil)
	return err
}

// check says early that the root is missing or no folder.
func (p *place) check(ctx context.Context) error {
	return p.do(ctx, "open", p.url, func(c *conn) error {
		info, err := c.Client.Stat(c.root)
		switch {
		case errors.Is(err, fs.ErrNotExist) && p.create:
			return nil
		case errors.Is(err, fs.ErrNotExist):
			return p.noRoot(err)
		case err != nil:
			return err
		case !info.IsDir():
			return invalid(p.url, "what is there is no folder", "name a folder")
		}
		return nil
	})
}

func (p *place) noRoot(err error) error {
	return &connectors.Error{Kind: connectors.KindNotFound, Op: "open", Path: p.url, Err: err, Remedy: "make the folder on the server, or check the path"}
}

// Stat implements connectors.Source and connectors.Sink.
func (p *place) Stat(ctx context.Context, path string) (connectors.Entry, error) {
	path, err := promise.CleanPath(path)
	if err != nil {
		return connectors.Entry{}, err
	}
	return ask(ctx, p, "stat", path, func(c *conn) (connectors.Entry, error) { return c.stat(path) }, nil)
}

func (c *conn) stat(path string) (connectors.Entry, error) {
	info, err := c.Client.Stat(c.abs(path))
	if err != nil {
		return connectors.Entry{}, err
	}
	return entryOf(path, info), regular("stat", path, info)
}

func entryOf(path string, info fs.FileInfo) connectors.Entry {
	return connectors.Entry{Path: path, Size: info.Size(), ModTime: info.ModTime().UTC()}
}

func regular(op, path string, info fs.FileInfo) error {
	if !info.Mode().IsRegular() {
		return connectors.Errorf(connectors.KindNotFound, op, path, "what is there is no file (%s)", info.Mode().Type())
	}
	return nil
}

// Remove implements connectors.Sink. A link is removed, not what it leads to.
func (p *place) Remove(ctx context.Context, path string) error {
	path, err := promise.CleanPath(path)
	if err != nil {
		return err
	}
	return p.do(ctx, "remove", path, func(c *conn) error {
		info, err := c.Lstat(c.abs(path))
		if err != nil {
			return err
		}
		if info.IsDir() {
			return regular("remove", path, info)
		}
		return c.Client.Remove(c.abs(path))
	})
}
