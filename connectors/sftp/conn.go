package sftp

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"path"
	"sync"
	"sync/atomic"

	"golang.org/x/crypto/ssh"

	"gantry/connectors"
	"gantry/connectors/sftp/wire"
)

// conn is one session of the protocol on a link, good until Done is closed.
type conn struct {
	*wire.Client
	link    *link
	root    string        // absolute; of the location
	read    int           // bytes of one request
	write   int           // bytes of one request
	ways    [2]way        // down and up, which have windows of their own
	handles chan struct{} // held by handles that stay open between calls
	busy    atomic.Int32  // calls under way
	used    atomic.Bool   // since the pool has looked
}

// A way is one direction of the bytes in a session.
type way struct {
	slots chan struct{} // held by reads or writes that are under way
	flows atomic.Int32  // streams of bytes that run over it
}

// The directions.
const (
	down = iota
	up
)

// The bytes that are under way in one session and direction at once. The windows of SSH are
// 2 MiB at both ends, so that more would wait inside of us. A server next door answers a
// quarter of that before it is missed, what is under way stays in the processor's cache, and
// an urgent file waits behind little.
const (
	mostUnderWay  = 3 << 20
	nearUnderWay  = 1 << 20
	mostRequests  = 64
	mostHandles   = 32 // kept open between calls
	fewestPending = 4
)

// newConn opens a session on the link, within the link's time-out.
func newConn(ctx context.Context, l *link, c config) (*conn, error) {
	limited, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	type opened struct {
		conn *conn
		err  error
	}
	var mu sync.Mutex
	var channel ssh.Channel
	result := make(chan opened, 1)
	go func() {
		made, err := l.session(limited, c, func(ch ssh.Channel) { mu.Lock(); channel = ch; mu.Unlock() })
		result <- opened{made, err}
	}()
	select {
	case r := <-result:
		if r.err == nil {
			return r.conn, nil
		}
		return nil, c.unreachable(ctx, c.server(), r.err)
	case <-limited.Done():
	}
	mu.Lock()
	defer mu.Unlock()
	if channel != nil {
		_ = channel.Close()
	}
	go func() {
		if r := <-result; r.conn != nil {
			_ = r.conn.Close()
		}
	}()
	return nil, c.unreachable(ctx, c.server(), limited.Err())
}

func (l *link) session(ctx context.Context, c config, opened func(ssh.Channel)) (*conn, error) {
	channel, requests, err := l.OpenChannel("session", nil)
	if err != nil {
		return nil, err
	}
	opened(channel)
	go ssh.DiscardRequests(requests)
	go func() { _, _ = io.Copy(io.Discard, channel.Stderr()) }()
	made, err := startFiles(ctx, l, c, channel)
	if err != nil {
		_ = channel.Close()
	}
	return made, err
}

// startFiles begins the protocol on a channel.
func startFiles(ctx context.Context, l *link, c config, channel ssh.Channel) (*conn, error) {
	client, err := l.greet(c, channel)
	if err != nil {
		return nil, err
	}
	resolved := make(chan error, 1)
	root := ""
	go func() {
		var err error
		root, err = resolve(ctx, client, c.root)
		resolved <- err
	}()
	limits := client.Limits()
	made := &conn{Client: client, link: l, read: limits.Read, write: limits.Write}
	underWay := mostUnderWay
	if l.nextDoor() {
		underWay = nearUnderWay
	}
	for i, size := range [2]int{down: limits.Read, up: limits.Write} {
		made.ways[i].slots = make(chan struct{}, min(max(underWay/size, fewestPending), mostRequests))
	}
	made.handles = make(chan struct{}, mostHandles)
	if limits.Handles > 0 {
		made.handles = make(chan struct{}, min(mostHandles, limits.Handles/2)) // the rest is for reading
	}
	err = <-resolved
	made.root = root
	return made, err
}

// greet asks for the protocol and greets. OpenSSH takes both at once.
func (l *link) greet(c config, channel ssh.Channel) (*wire.Client, error) {
	asked := make(chan error, 1)
	ask := func() {
		ok, err := channel.SendRequest("subsystem", true, ssh.Marshal(struct{ Name string }{"sftp"}))
		if err == nil && !ok {
			err = connectors.Errorf(connectors.KindUnsupported, "connect to", c.url, "the server has no SFTP")
		}
		asked <- err
		if err != nil {
			_ = channel.Close()
		}
	}
	if !l.isOpenSSH() {
		ask()
		if err := <-asked; err != nil {
			return nil, err
		}
		return wire.New(channel, channel)
	}
	go ask()
	client, err := wire.New(channel, channel)
	if refused := <-asked; refused != nil {
		return nil, refused
	}
	return client, err
}

// resolve makes the root absolute, and free of links if it is there already.
func resolve(ctx context.Context, c *wire.Client, root string) (string, error) {
	resolved, err := c.RealPath(ctx, root)
	var refused *wire.Status
	switch {
	case err == nil:
		return path.Clean("/" + resolved), nil
	case !errors.As(err, &refused), errors.Is(err, fs.ErrPermission):
		return "", err
	case path.IsAbs(root):
		return root, nil
	}
	home, err := c.RealPath(ctx, ".")
	return path.Join("/", home, root), err
}

// abs is where the server keeps a clean path.
func (c *conn) abs(p string) string { return path.Join(c.root, p) }

func (c *conn) alive() bool {
	select {
	case <-c.Done():
		return false
	case <-c.link.done:
		return false
	default:
		return true
	}
}

// enter begins a call, and tells how many are under way now.
func (c *conn) enter() int32 {
	c.used.Store(true)
	return c.busy.Add(1)
}

// release ends a call that the pool has given the session for.
func (c *conn) release() { c.busy.Add(-1) }
