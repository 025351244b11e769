package wire

import (
	"context"
	"encoding/binary"
)

// mostHandle is the protocol's bound on the length of a handle, in bytes.
const mostHandle = 256

// An answer is a packet to one of our own requests.
type answer struct {
	kind byte
	body []byte
}

// ask makes a request beside the library and gives its answer, of the wanted
// kind; a refusal is a *Status. It returns when the client ends at the latest.
func (c *Client) ask(kind, want byte, args []byte) (*reader, error) {
	packet, came := c.prepare(kind, args)
	if c.out.send(packet) != nil {
		return nil, c.Err() // the end of an SSH channel must not look like that of a file
	}
	return c.conclude(came, want)
}

// prepare makes a request that is going to be sent.
func (c *Client) prepare(kind byte, args []byte) (packet []byte, came <-chan answer) {
	answered := make(chan answer, 1)
	c.mu.Lock()
	id := c.fresh()
	c.beside[id] = answered
	c.mu.Unlock()
	return frame(append(request(kind, id, len(args)), args...)), answered
}

// conclude waits for the answer to a request that was sent; see ask.
func (c *Client) conclude(came <-chan answer, want byte) (*reader, error) {
	var a answer
	select {
	case a = <-came:
	case <-c.Done():
		return nil, c.Err()
	}
	if a.kind == packetStatus {
		if err := statusOf(a.body); err != nil || want == packetStatus {
			return &reader{}, err
		}
	}
	if a.kind != want {
		return nil, c.broken("an answer of another kind")
	}
	return &reader{rest: a.body}, nil
}

// fresh gives the number of a new request; it is called with the mutex held.
func (c *Client) fresh() uint32 {
	for {
		c.last++
		id := c.last | ours
		_, asked := c.beside[id]
		if _, moves := c.pending[id]; !asked && !moves {
			return id
		}
	}
}

// moving gives the read or write of that number, which is taken out, nil if there is none.
func (c *Client) moving(id uint32) *Pending {
	c.mu.Lock()
	defer c.mu.Unlock()
	p := c.pending[id]
	delete(c.pending, id)
	return p
}

// answered hands an answer over.
func (c *Client) answered(id uint32, a answer) error {
	if p := c.moving(id); p != nil {
		return p.answered(a)
	}
	c.mu.Lock()
	came, ok := c.beside[id]
	delete(c.beside, id)
	c.mu.Unlock()
	if !ok {
		return garbled("an answer that nobody asked for")
	}
	came <- a
	return nil
}

func (c *Client) open(ctx context.Context, kind byte, args []byte) (Handle, error) {
	return await(ctx, c, func() (Handle, error) {
		r, err := c.ask(kind, packetHandle, args)
		if err != nil {
			return nil, err
		}
		h := r.string()
		if r.bad || h == "" || len(h) > mostHandle {
			return nil, c.broken("an impossible handle")
		}
		return newFile(h), nil
	}, func(h Handle) { _ = c.CloseHandle(context.Background(), h) }) // ends with the client at the latest
}

// How a file is opened.
const (
	ForRead   = 0x01
	ForWrite  = 0x02
	Create    = 0x08
	Truncate  = 0x10
	Exclusive = 0x20
)

// Open opens a file. What is made gets the server's own mode.
func (c *Client) Open(ctx context.Context, path string, how uint32) (Handle, error) {
	args := binary.BigEndian.AppendUint32(appendString(nil, path), how)
	return c.open(ctx, packetOpen, binary.BigEndian.AppendUint32(args, 0))
}

// OpenFolder opens a folder for ReadFolder.
func (c *Client) OpenFolder(ctx context.Context, path string) (Handle, error) {
	return c.open(ctx, packetOpendir, appendString(nil, path))
}

// CloseHandle closes a file or folder, once the requests that are under way on it are
// answered. What the server could not store may come out here.
func (c *Client) CloseHandle(ctx context.Context, h Handle) error {
	return c.run(ctx, func() error {
		idle, err := h.close()
		if err != nil {
			return err
		}
		select {
		case <-idle:
		case <-c.Done():
			return c.Err()
		}
		_, err = c.ask(packetClose, packetStatus, appendString(nil, h.raw))
		return err
	})
}

// ReadFolder gives some more entries, among them "." and "..", with names as the
// server sent them; io.EOF (a *Status) when there are no more.
func (c *Client) ReadFolder(ctx context.Context, h Handle) ([]Name, error) {
	return await(ctx, c, func() ([]Name, error) {
		r, err := c.ask(packetReaddir, packetName, appendString(nil, h.raw))
		if err != nil {
			return nil, err
		}
		list := r.names()
		if r.bad {
			return nil, c.broken("entries that cannot be")
		}
		return list, nil
	}, nil)
}

// Fstat describes an open file.
func (c *Client) Fstat(ctx context.Context, h Handle) (Attrs, error) {
	return await(ctx, c, func() (Attrs, error) {
		r, err := c.ask(packetFstat, packetAttrs, appendString(nil, h.raw))
		if err != nil {
			return Attrs{}, err
		}
		a := r.attrs()
		if r.bad {
			return Attrs{}, c.broken("attributes that cannot be")
		}
		return a, nil
	}, nil)
}

// Resize cuts an open file, or makes it longer.
func (c *Client) Resize(ctx context.Context, h Handle, size int64) error {
	args := binary.BigEndian.AppendUint32(appendString(nil, h.raw), hasSize)
	args = binary.BigEndian.AppendUint64(args, uint64(size))
	return c.run(ctx, func() error {
		_, err := c.ask(packetFsetstat, packetStatus, args)
		return err
	})
}

// Fsync makes an open file durable (fsync@openssh.com).
func (c *Client) Fsync(ctx context.Context, h Handle) error {
	return c.run(ctx, func() error {
		_, err := c.ask(packetExtended, packetStatus, appendString(appendString(nil, "fsync@openssh.com"), h.raw))
		return err
	})
}

// Remove deletes a file. The library's Remove would remove an empty folder too,
// and hide why the server refused.
func (c *Client) Remove(ctx context.Context, path string) error {
	return c.run(ctx, func() error {
		_, err := c.ask(packetRemove, packetStatus, appendString(nil, path))
		return err
	})
}

// CopyData copies length bytes inside the server (copy-data); 0 = to the end.
func (c *Client) CopyData(ctx context.Context, from Handle, offset, length int64, to Handle, at int64) error {
	args := appendString(appendString(nil, "copy-data"), from.raw)
	args = binary.BigEndian.AppendUint64(args, uint64(offset))
	args = binary.BigEndian.AppendUint64(args, uint64(length))
	args = binary.BigEndian.AppendUint64(appendString(args, to.raw), uint64(at))
	return c.run(ctx, func() error {
		_, err := c.ask(packetExtended, packetStatus, args)
		return err
	})
}

// A Sum is a digest that the server made, and the algorithm that it took.
type Sum struct {
	Algorithm string
	Sum       []byte
}

// CheckFile asks for the digest of a whole file by the first of the algorithms
// (their names separated by commas) that the server has (check-file).
func (c *Client) CheckFile(ctx context.Context, path, algorithms string) (Sum, error) {
	args := appendString(appendString(appendString(nil, "check-file-name"), path), algorithms)
	args = binary.BigEndian.AppendUint64(args, 0) // from the start
	args = binary.BigEndian.AppendUint64(args, 0) // to the end
	args = binary.BigEndian.AppendUint32(args, 0) // one digest of all
	return await(ctx, c, func() (Sum, error) {
		r, err := c.ask(packetExtended, packetExtendedReply, args)
		if err != nil {
			return Sum{}, err
		}
		algorithm := r.string()
		if algorithm == "check-file" { // later drafts repeat the name
			algorithm = r.string()
		}
		if r.bad {
			return Sum{}, c.broken("a digest that cannot be")
		}
		return Sum{algorithm, r.rest}, nil
	}, nil)
}
