package wire

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"sync"

	"github.com/pkg/sftp"

	"gantry/connectors/promise"
)

// A Client speaks to one server over one pair of streams, until Done is closed.
type Client struct {
	lib    *sftp.Client
	in     *incoming
	out    *outgoing
	life   context.Context // ends with the client
	finish context.CancelCauseFunc
	limits Limits
	told   chan struct{} // closed when limits are known
	queue  chan *Pending

	mu      sync.Mutex
	beside  map[uint32]chan<- answer // our own requests, by their numbers
	pending map[uint32]*Pending      // those of them that move bytes
	last    uint32
}

// queued is how many reads and writes may wait to be sent.
const queued = 256

// New greets the server, and asks it for its limits if it has some.
func New(r io.Reader, w io.WriteCloser) (*Client, error) {
	c := &Client{told: make(chan struct{}), queue: make(chan *Pending, queued), beside: map[uint32]chan<- answer{}, pending: map[uint32]*Pending{}, limits: Limits{Packet: safePacket, Read: safePayload, Write: safePayload}}
	c.life, c.finish = context.WithCancelCause(context.Background())
	c.in = &incoming{c: c, r: bufio.NewReaderSize(r, 4<<10)}
	c.out = &outgoing{c: c, w: w}
	var err error
	if c.lib, err = sftp.NewClientPipe(c.in, c.out); err != nil {
		c.end(garbled(err.Error()))
		return nil, c.Err()
	}
	go func() { c.end(garbled(fmt.Sprint(c.lib.Wait()))) }() // what was no answer to the library
	go c.sendAll()
	if !c.Can("limits@openssh.com", "1") {
		close(c.told)
	} else {
		go func() { defer close(c.told); c.askLimits() }() // the caller need not wait for them yet
	}
	if err := c.Err(); err != nil {
		return nil, err
	}
	return c, nil
}

// Extensions gives what the server offers beside the protocol, by name, with the
// data that it sent along: mostly a version.
func (c *Client) Extensions() map[string]string { return c.in.extensions }

// Can tells whether the server has an extension in this version.
func (c *Client) Can(extension, version string) bool {
	data, ok := c.lib.HasExtension(extension)
	return ok && data == version
}

// Done is closed once the client has ended.
func (c *Client) Done() <-chan struct{} { return c.life.Done() }

// Err tells why the client has ended, nil while it lives.
func (c *Client) Err() error { return context.Cause(c.life) }

// Close ends the client. Calls that wait return an error.
func (c *Client) Close() error {
	c.end(errors.New("the session was closed"))
	return c.out.w.Close() // the library's Close would wait for a write that hangs
}

// end keeps the first reason. The end of a stream, which SSH channels give for
// writes too, must not look like that of a file.
func (c *Client) end(err error) {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		err = errClosed
	}
	c.finish(err)
}

var errClosed = fmt.Errorf("the connection was closed: %w", io.ErrUnexpectedEOF)

// broken ends the client: after such an answer nothing that comes can be trusted.
func (c *Client) broken(what string) error {
	err := garbled(what)
	c.end(err)
	_ = c.out.w.Close()
	return err
}

// await is promise.Await for a call that the end of the client ends too. Its
// errors are those of this package.
func await[T any](ctx context.Context, c *Client, call func() (T, error), drop func(T)) (T, error) {
	both, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(c.life, cancel)()
	value, err := promise.Await(both, func() (T, error) {
		value, err := call()
		return value, c.verdict(err)
	}, drop)
	if err != nil && ctx.Err() == nil && both.Err() != nil {
		err = c.Err()
	}
	return value, err
}

// run is await for calls without a result.
func (c *Client) run(ctx context.Context, call func() error) error {
	_, err := await(ctx, c, func() (struct{}, error) { return struct{}{}, call() }, nil)
	return err
}
