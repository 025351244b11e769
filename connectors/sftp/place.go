package sftp

import (
	"context"
	"errors"
	"io/fs"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"gantry/connectors"
	"gantry/connectors/promise"
	"gantry/connectors/sftp/wire"
)

// place is a folder of a server, over the sessions of a pool.
type place struct {
	*pool
	atomic  atomic.Bool // the server replaces files in one step, as far as we know
	refuses atomic.Bool // it offers to and does not
	undated atomic.Bool // the server does not let times be set

	computes     []connectors.Algorithm // digests, by check-file; set before anybody else has the place
	runsCommands bool                   // the server is of a kind that does, for some accounts; set likewise
	commands     *commands
	trials       sync.WaitGroup // that are being cleaned up
}

var (
	_ connectors.Place     = (*place)(nil)
	_ connectors.Renamer   = (*place)(nil)
	_ connectors.Sweeper   = (*place)(nil)
	_ connectors.Describer = (*place)(nil)
)

// Close implements connectors.Place.
func (p *place) Close() error {
	p.trials.Wait()
	conns := p.shut()
	if len(conns) == 0 {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	_ = conns[0].Rmdir(ctx, conns[0].abs(promise.Folder)) // stays as long as it holds uploads
	var failure error
	for _, c := range conns {
		_ = c.Client.Close()
		if err := c.link.wire.Close(); failure == nil && err != nil && !errors.Is(err, net.ErrClosed) {
			failure = fail("close", p.url, err)
		}
	}
	return failure
}

// partsAConnection is how many parts at once a connection is worth: they share its
// window, and one of them waits for an answer while another moves.
const partsAConnection = 4

// Traits implements connectors.Place.
func (p *place) Traits() connectors.Traits {
	t := connectors.Traits{
		AtomicCommit: p.atomic.Load() && !p.dropBox, TimePrecision: time.Second, WriteOnly: p.dropBox, Computes: p.computing(), ComputesFrom: p.computesFrom(),
		OneStream: true, OpenStaged: !p.dropBox, Far: p.pool.distant(),
		Concurrency: partsAConnection * p.atMost(),
	}
	if p.undated.Load() {
		t.TimePrecision = 0
	}
	return t
}

// ask makes a call on a session.
func ask[T any](ctx context.Context, p *place, op, path string, call func(ctx context.Context, c *conn) (T, error)) (T, error) {
	return askOn(ctx, p.take, op, path, call)
}

// askOn makes a call on the session that take gives.
func askOn[T any](ctx context.Context, take taking, op, path string, call func(ctx context.Context, c *conn) (T, error)) (T, error) {
	var none T
	if err := ctx.Err(); err != nil {
		return none, fail(op, path, err)
	}
	c, err := take(ctx)
	if err != nil {
		return none, fail(op, path, err)
	}
	defer c.release()
	value, err := call(ctx, c)
	if isStatus(err, wire.NoConnection, wire.ConnectionLost) {
		_ = c.Client.Close() // it says itself that it does not work
	}
	if isStatus(err, wire.Failure) && tooLong(path) {
		return value, connectors.Errorf(connectors.KindInvalid, op, path, "an element of the path is longer than %d bytes, which few file systems take: %w", longestName, err)
	}
	return value, fail(op, path, err)
}

// longestName is what most file systems take, in bytes.
const longestName = 255

func tooLong(path string) bool {
	for element := range strings.SplitSeq(path, "/") {
		if len(element) > longestName {
			return true
		}
	}
	return false
}

// do is ask for calls without a result.
func (p *place) do(ctx context.Context, op, path string, call func(ctx context.Context, c *conn) error) error {
	_, err := ask(ctx, p, op, path, func(ctx context.Context, c *conn) (struct{}, error) { return struct{}{}, call(ctx, c) })
	return err
}

// through runs steps that must not be left half-way: they go on in the background
// when ctx ends, and the caller gets its error.
func through(ctx context.Context, steps func(ctx context.Context) error) error {
	return promise.Do(ctx, func() error { return steps(context.WithoutCancel(ctx)) })
}

// check says early that the root is missing or no folder, and finds out what the
// server can do beyond reading and writing.
func (p *place) check(ctx context.Context) (copies, hashes bool, err error) {
	err = p.do(ctx, "open", p.url, func(ctx context.Context, c *conn) error {
		p.atomic.Store(c.Can("posix-rename@openssh.com", "1"))
		if p.dropBox {
			return nil // it may not let us look
		}
		if err := p.checkRoot(ctx, c); err != nil {
			return err
		}
		var err error
		copies = c.Can("copy-data", "1")
		if hashes, err = c.canHash(ctx); hashes {
			p.computes = c.offered()
		}
		p.runsCommands = !hashes && c.link.runsCommands()
		return err
	})
	return copies, hashes || p.mayCommand(), err
}

func (p *place) checkRoot(ctx context.Context, c *conn) error {
	info, err := c.stat(ctx, ".")
	switch {
	case errors.Is(err, fs.ErrNotExist) && p.create:
		return nil
	case errors.Is(err, fs.ErrNotExist):
		return p.noRoot(err)
	case err != nil:
		return err
	case info.Typed && !info.Mode.IsDir():
		return connectors.BadLocation(p.url, "what is there is no folder", "name a folder")
	}
	return nil
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
	entry, err := ask(ctx, p, "stat", path, func(ctx context.Context, c *conn) (connectors.Entry, error) { return c.entry(ctx, path) })
	if err == nil {
		p.prepare(entry.Size) // it is likely to be read
	}
	return entry, err
}

// entry describes the file at a path.
func (c *conn) entry(ctx context.Context, path string) (connectors.Entry, error) {
	info, err := c.stat(ctx, path)
	if err != nil {
		return connectors.Entry{}, err
	}
	if err := regular("stat", path, info); err != nil {
		return connectors.Entry{}, err
	}
	return entryOf(path, info)
}

// entryOf refuses to guess a size.
func entryOf(path string, info wire.Attrs) (connectors.Entry, error) {
	if info.Size < 0 {
		return connectors.Entry{}, connectors.Errorf(connectors.KindUnsupported, "stat", path, "the server does not tell the file's size")
	}
	return connectors.Entry{Path: path, Size: info.Size, ModTime: info.ModTime}, nil
}

func regular(op, path string, info wire.Attrs) error {
	if !info.Mode.IsRegular() {
		return connectors.Errorf(connectors.KindNotFound, op, path, "what is there is no file (%s)", info.Mode.Type())
	}
	return nil
}

// Remove implements connectors.Sink. A link is removed, not what it leads to.
func (p *place) Remove(ctx context.Context, path string) error {
	path, err := promise.CleanPath(path)
	if err != nil {
		return err
	}
	return p.do(ctx, "remove", path, func(ctx context.Context, c *conn) error {
		info, err := c.lstat(ctx, path)
		if err != nil {
			return err
		}
		if info.Mode.IsDir() {
			return regular("remove", path, info)
		}
		return c.Client.Remove(ctx, c.abs(path))
	})
}
