package wire

import "context"

// A Pending is a read or a write that is under way.
type Pending struct {
	c    *Client
	done chan done
}

type done struct {
	n   int
	err error
}

// StartRead asks for the bytes from offset on that fill the buffer, which belongs
// to the request until Wait has returned nil or a *Status; otherwise it must never
// be used again. released is called once, when the request is over, and must not
// block. It is not called if StartRead fails. Requests are sent in the order in
// which they were started.
func (c *Client) StartRead(_ context.Context, h Handle, offset int64, into []byte, released func()) (*Pending, error) {
	return c.start(packetRead, offset, released, func() (int, error) {
		n, err := h.ReadAt(into, offset)
		if err == nil && n < len(into) {
			err = c.broken("an answer of another kind")
		}
		return n, err
	})
}

// StartWrite writes the bytes at offset. For the buffer and released, see
// StartRead.
func (c *Client) StartWrite(_ context.Context, h Handle, offset int64, from []byte, released func()) (*Pending, error) {
	return c.start(packetWrite, offset, released, func() (int, error) { return h.WriteAt(from, offset) })
}

func (c *Client) start(kind byte, offset int64, released func(), call func() (int, error)) (*Pending, error) {
	if err := c.Err(); err != nil {
		return nil, err
	}
	p := &Pending{c, make(chan done, 1)}
	before, mine := c.turns.take()
	go func() {
		select {
		case <-before:
		case <-c.Done():
		}
		c.turns.expect(kind, offset, mine)
		n, err := call()
		mine.over() // it may not have been sent at all
		if released != nil {
			released()
		}
		p.done <- done{n, c.verdict(err)}
	}()
	return p, nil
}

// Wait gives how many bytes were read or written: of a read fewer than asked for
// only with an error, at the end of the file io.EOF (a *Status). It must be called
// once.
func (p *Pending) Wait(ctx context.Context) (int, error) {
	select {
	case d := <-p.done:
		return d.n, d.err
	default:
	}
	select {
	case d := <-p.done:
		return d.n, d.err
	case <-ctx.Done():
		return 0, ctx.Err()
	case <-p.c.Done():
		return 0, p.c.Err()
	}
}

// Ready tells whether Wait would return at once.
func (p *Pending) Ready() bool { return len(p.done) > 0 }
