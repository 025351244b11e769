package wire

import (
	"context"
	"encoding/binary"
)

// Headroom is what StartWrite needs before the bytes, for the head of the packet.
const Headroom = 4 + 1 + 4 + 4 + mostHandle + 8 + 4

// A Pending is a read or a write that is under way.
type Pending struct {
	c        *Client
	kind     byte
	h        Handle
	offset   int64
	data     []byte // what is read or written
	room     []byte // of a write: data, with the headroom before it
	n        int    // bytes of data that are over
	released func()
	done     chan done
}

type done struct {
	n   int
	err error
}

// StartRead asks for the bytes from offset on that fill the buffer, which belongs
// to the request until Wait has returned nil or a *Status; otherwise it must never
// be used again. The bytes come from the stream right into it. released is called once
// when the request was answered, and must not block. It is not called if StartRead
// fails, or if the client ends. Requests are sent in the order in which they were
// started.
func (c *Client) StartRead(_ context.Context, h Handle, offset int64, into []byte, released func()) (*Pending, error) {
	return c.start(&Pending{c: c, kind: packetRead, h: h, offset: offset, data: into, released: released})
}

// StartWrite writes at offset what the buffer holds after its first Headroom bytes,
// which it uses. For the buffer and released, see StartRead.
func (c *Client) StartWrite(_ context.Context, h Handle, offset int64, from []byte, released func()) (*Pending, error) {
	return c.start(&Pending{c: c, kind: packetWrite, h: h, offset: offset, data: from[Headroom:], room: from, released: released})
}

func (c *Client) start(p *Pending) (*Pending, error) {
	p.done = make(chan done, 1)
	if err := p.h.begin(); err != nil {
		return nil, err
	}
	select {
	case c.queue <- p:
		return p, nil
	case <-c.Done():
		p.h.over()
		return nil, c.Err()
	}
}

// sendAll sends what was started, until the client ends.
func (c *Client) sendAll() {
	for c.life.Err() == nil {
		select {
		case p := <-c.queue:
			if c.out.send(p.packet(c.number(p))) != nil {
				return // the client has ended
			}
		case <-c.Done():
			return
		}
	}
}

func (c *Client) number(p *Pending) uint32 {
	c.mu.Lock()
	defer c.mu.Unlock()
	id := c.fresh()
	c.pending[id] = p
	return id
}

func (p *Pending) packet(id uint32) []byte {
	left := p.data[p.n:]
	head := appendString(request(p.kind, id, 4+len(p.h.raw)+8+4), p.h.raw)
	head = binary.BigEndian.AppendUint64(head, uint64(p.offset)+uint64(p.n))
	head = binary.BigEndian.AppendUint32(head, uint32(len(left)))
	if p.kind == packetRead {
		return frame(head)
	}
	whole := p.room[Headroom-len(head):]
	copy(whole, head)
	return frame(whole)
}

// took is told of bytes that came, and asks for what is still lacking.
func (p *Pending) took(n int) {
	if p.n += n; p.n == len(p.data) {
		p.over(nil)
		return
	}
	select {
	case p.c.queue <- p:
	default: // whoever reads the answers must not wait for what is sent
		go func() {
			select {
			case p.c.queue <- p:
			case <-p.c.Done():
			}
		}()
	}
}

// answered takes an answer that is no data. It gives an error if it is none.
func (p *Pending) answered(a answer) error {
	if a.kind != packetStatus {
		return garbled("an answer of another kind")
	}
	err := statusOf(a.body)
	switch {
	case err == nil && p.kind == packetRead:
		return garbled("an answer of another kind")
	case err == nil:
		p.n = len(p.data)
	case !isRefusal(err):
		return err
	}
	p.over(err)
	return nil
}

func (p *Pending) over(err error) {
	p.h.over()
	if p.released != nil {
		p.released()
	}
	p.done <- done{p.n, err}
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
