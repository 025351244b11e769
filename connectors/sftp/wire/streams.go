package wire

import (
	"bufio"
	"encoding/binary"
	"io"
	"sync"
)

// ours is the bit in the number of a request that the library did not make. It
// counts from 1 on, and would need 2^31 requests to get there.
const ours = 1 << 31

// incoming is what the library reads: the server's packets without the answers to
// our own requests, see the package's comment for what is changed. The bytes of files go through without being copied.
type incoming struct {
	c          *Client
	r          *bufio.Reader
	extensions map[string]string // nil before the greeting
	head       []byte            // of a packet, or a whole one, for the library
	left       int               // bytes of it that follow from r
}

// Read implements io.Reader.
func (in *incoming) Read(p []byte) (n int, err error) {
	for len(in.head) == 0 && in.left == 0 {
		if err := in.next(); err != nil {
			return 0, in.over(err)
		}
	}
	if len(in.head) > 0 {
		n = copy(p, in.head)
		in.head = in.head[n:]
		return n, nil
	}
	n, err = in.r.Read(p[:min(len(p), in.left)])
	in.left -= n
	if n > 0 || err == nil {
		return n, nil
	}
	return 0, in.over(err)
}

// over ends the client: the library would not say why.
func (in *incoming) over(err error) error {
	if in.extensions == nil {
		err = garbled(err.Error())
	}
	in.c.end(err)
	return in.c.Err()
}

// next begins a packet.
func (in *incoming) next() error {
	if in.extensions == nil {
		return in.greeting()
	}
	var head [4 + 1 + 4]byte // length, kind, number of the request
	if _, err := io.ReadFull(in.r, head[:4]); err != nil {
		return err
	}
	length := int(binary.BigEndian.Uint32(head[:]))
	if length < 5 || length > mostAnswer {
		return garbled("a packet of an impossible length")
	}
	if _, err := io.ReadFull(in.r, head[4:9]); err != nil {
		return err
	}
	kind, id := head[4], binary.BigEndian.Uint32(head[5:])
	if id&ours != 0 && kind == packetData && length >= 9 {
		return in.data(id, length-5)
	}
	if id&ours != 0 || kind == packetAttrs {
		return in.whole(kind, id, length-5)
	}
	in.head, in.left = head[:9], length-5
	return nil
}

// data reads the bytes of a file right to where they are wanted. What comes beyond what
// was asked for is dropped.
func (in *incoming) data(id uint32, length int) error {
	p := in.c.moving(id)
	if p == nil || p.kind != packetRead {
		return garbled("data that nobody asked for")
	}
	var head [4]byte
	if _, err := io.ReadFull(in.r, head[:]); err != nil {
		return err
	}
	n := int(binary.BigEndian.Uint32(head[:]))
	if n > length-4 {
		return garbled("data that are not there")
	}
	into := p.data[p.n:]
	into = into[:min(n, len(into))]
	if _, err := io.ReadFull(in.r, into); err != nil {
		return err
	}
	if _, err := in.r.Discard(length - 4 - len(into)); err != nil {
		return err
	}
	if n == 0 { // to ask again would go on for ever
		p.over(&Status{Code: Failure, Message: "it sends nothing, and does not say that the file ends"})
		return nil
	}
	p.took(len(into))
	return nil
}

// whole reads all of an answer to one of our own requests, or of attributes: of
// those the library does not tell which there were.
func (in *incoming) whole(kind byte, id uint32, length int) error {
	body := make([]byte, length)
	if _, err := io.ReadFull(in.r, body); err != nil {
		return err
	}
	if id&ours != 0 {
		return in.c.answered(id, answer{kind: kind, body: body})
	}
	body, err := told(body)
	in.head = frame(append(request(kind, id, len(body)), body...))
	return err
}

// greeting notes the extensions. What else a server adds there is no reason not
// to talk to it: the library does not see it.
func (in *incoming) greeting() error {
	version, err := readPacket(in.r)
	if err != nil {
		return err
	}
	r := reader{rest: version[1:]}
	if number := r.uint32(); version[0] != packetVersion || r.bad || number != 3 {
		return garbled("it does not greet")
	}
	in.extensions, in.head = map[string]string{}, []byte{0, 0, 0, 0, packetVersion, 0, 0, 0, 3}
	for len(r.rest) > 0 {
		name, data := r.string(), r.string()
		if r.bad {
			break
		}
		in.extensions[name] = data
		in.head = appendString(appendString(in.head, name), data)
	}
	frame(in.head)
	return nil
}

// outgoing keeps packets whole: the library writes the head and the data of one
// separately, and our own requests go between packets.
type outgoing struct {
	c    *Client
	w    io.WriteCloser
	mu   sync.Mutex // held by who is in the middle of a packet
	left int        // bytes that the library's packet lacks
}

// Write implements io.Writer for the library, which makes one call at a time and
// gives the whole head of a packet in one.
func (out *outgoing) Write(p []byte) (int, error) {
	if out.left == 0 {
		out.mu.Lock()
		out.left = 4 + int(binary.BigEndian.Uint32(p))
	}
	n, err := out.w.Write(p)
	out.left -= len(p)
	if err != nil {
		out.c.end(err)
		out.left = 0
	}
	if out.left == 0 {
		out.mu.Unlock()
	}
	return n, err
}

// Close implements io.Closer: the library closes when it gives up.
func (out *outgoing) Close() error { return out.w.Close() }

// send writes a request of our own.
func (out *outgoing) send(packet []byte) error {
	out.mu.Lock()
	defer out.mu.Unlock()
	_, err := out.w.Write(packet)
	if err != nil {
		out.c.end(err)
	}
	return err
}
