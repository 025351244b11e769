package wire

import "context"

// A Fetch is a small file on its way. It serves one goroutine.
type Fetch struct {
	c      *Client
	h      Handle
	reads  []*Pending
	looked <-chan answer // nil: nobody has asked yet
}

// Fetch opens a file and asks for the bytes that fill the buffer, at most so many with each
// request. inOrder says that the server answers requests in order, as OpenSSH does: then it is
// asked at the same time what the file is after that, and the file is closed. For the buffer,
// see StartRead.
func (c *Client) Fetch(ctx context.Context, path string, into []byte, each int, inOrder bool) (*Fetch, error) {
	h, err := c.Open(ctx, path, ForRead)
	if err != nil {
		return nil, err
	}
	f := &Fetch{c: c, h: h}
	var packets []byte
	for at := 0; at < len(into); at += each {
		p := &Pending{c: c, kind: packetRead, h: h, offset: int64(at), data: into[at:min(at+each, len(into))], done: make(chan done, 1)}
		if err := h.begin(); err != nil {
			return nil, err
		}
		f.reads = append(f.reads, p)
		packets = append(packets, p.packet(c.number(p))...)
	}
	if inOrder {
		packet, looked := c.prepare(packetFstat, appendString(nil, h.raw))
		f.looked = looked
		packets = append(packets, packet...)
		if _, err := h.close(); err != nil {
			return nil, err
		}
		packet, _ = c.prepare(packetClose, appendString(nil, h.raw))
		packets = append(packets, packet...)
	}
	if c.out.send(packets) != nil {
		return nil, c.Err()
	}
	return f, nil
}

// Next gives how many bytes have come of the next request; see Pending.Wait. It must not
// be called after the last one.
func (f *Fetch) Next(ctx context.Context) (int, error) {
	p := f.reads[0]
	f.reads = f.reads[1:]
	return p.Wait(ctx)
}

// Look tells what the file was after its bytes were read. It is called once, after the
// last Next.
func (f *Fetch) Look(ctx context.Context) (Attrs, error) {
	if f.looked == nil {
		return f.c.Fstat(ctx, f.h)
	}
	return await(ctx, f.c, func() (Attrs, error) {
		r, err := f.c.conclude(f.looked, packetAttrs)
		if err != nil {
			return Attrs{}, err
		}
		a := r.attrs()
		if r.bad {
			return Attrs{}, f.c.broken("attributes that cannot be")
		}
		return a, nil
	}, nil)
}

// Over closes the file, unless that was asked for already. It does not wait.
func (f *Fetch) Over() {
	if f.looked == nil {
		go func() { _ = f.c.CloseHandle(context.Background(), f.h) }() // ends with the client at the latest
	}
}
