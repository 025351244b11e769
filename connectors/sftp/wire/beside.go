package wire

import (
	"context"
	"encoding/binary"
)

// A Raw is a file or folder opened beside the library, good as long as its client.
type Raw string

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
	came := make(chan answer, 1)
	c.mu.Lock()
	for {
		c.last++
		if _, taken := c.beside[c.last|ours]; !taken {
			break
		}
	}
	id := c.last | ours
	c.beside[id] = came
	c.mu.Unlock()
	if err := c.out.send(frame(append(request(kind, id, len(args)), args...))); err != nil {
		return nil, err
	}
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

// answered hands an answer over.
func (c *Client) answered(id uint32, a answer) error {
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

func (c *Client) openRaw(ctx context.Context, kind byte, args []byte) (Raw, error) {
	return await(ctx, c, func() (Raw, error) {
		r, err := c.ask(kind, packetHandle, args)
		if err != nil {
			return "", err
		}
		h := r.string()
		if r.bad || len(h) > mostHandle {
			return "", c.broken("an impossible handle")
		}
		return Raw(h), nil
	}, func(h Raw) { _ = c.CloseRaw(context.Background(), h) }) // ends with the client at the latest
}

// OpenRaw opens a file that is there for CopyData, to be read from or written to.
func (c *Client) OpenRaw(ctx context.Context, path string, write bool) (Raw, error) {
	how := uint32(1)
	if write {
		how = 2
	}
	args := binary.BigEndian.AppendUint32(appendString(nil, path), how)
	return c.openRaw(ctx, packetOpen, binary.BigEndian.AppendUint32(args, 0))
}

// OpenFolder opens a folder for ReadFolder.
func (c *Client) OpenFolder(ctx context.Context, path string) (Raw, error) {
	return c.openRaw(ctx, packetOpendir, appendString(nil, path))
}

// CloseRaw closes what was opened beside the library.
func (c *Client) CloseRaw(ctx context.Context, h Raw) error {
	return c.run(ctx, func() error {
		_, err := c.ask(packetClose, packetStatus, appendString(nil, h))
		return err
	})
}

// ReadFolder gives some more entries, among them "." and "..", with names as the
// server sent them; io.EOF (a *Status) when there are no more.
func (c *Client) ReadFolder(ctx context.Context, h Raw) ([]Name, error) {
	return await(ctx, c, func() ([]Name, error) {
		r, err := c.ask(packetReaddir, packetName, appendString(nil, h))
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

// StatRaw describes an open file.
func (c *Client) StatRaw(ctx context.Context, h Raw) (Attrs, error) {
	return await(ctx, c, func() (Attrs, error) {
		r, err := c.ask(packetFstat, packetAttrs, appendString(nil, h))
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

// Remove deletes a file. The library's Remove would remove an empty folder too,
// and hide why the server refused.
func (c *Client) Remove(ctx context.Context, path string) error {
	return c.run(ctx, func() error {
		_, err := c.ask(packetRemove, packetStatus, appendString(nil, path))
		return err
	})
}

// CopyData copies length bytes inside the server (copy-data); 0 = to the end.
func (c *Client) CopyData(ctx context.Context, from Raw, offset, length int64, to Raw, at int64) error {
	args := appendString(appendString(nil, "copy-data"), from)
	args = binary.BigEndian.AppendUint64(args, uint64(offset))
	args = binary.BigEndian.AppendUint64(args, uint64(length))
	args = binary.BigEndian.AppendUint64(appendString(args, to), uint64(at))
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
