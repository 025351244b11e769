package wire

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// The packets of the protocol that are looked at or sent here.
const (
	packetVersion       = 2
	packetOpen          = 3
	packetClose         = 4
	packetRead          = 5
	packetWrite         = 6
	packetLstat         = 7
	packetFstat         = 8
	packetSetstat       = 9
	packetFsetstat      = 10
	packetOpendir       = 11
	packetReaddir       = 12
	packetRemove        = 13
	packetStatus        = 101
	packetHandle        = 102
	packetData          = 103
	packetName          = 104
	packetAttrs         = 105
	packetExtended      = 200
	packetExtendedReply = 201
)

// mostAnswer bounds one packet of the server, in bytes.
const mostAnswer = 4 << 20

// ErrProtocol says that the server does not speak the protocol.
var ErrProtocol = errors.New("the server does not speak SFTP")

func garbled(what string) error { return fmt.Errorf("%w: %s", ErrProtocol, what) }

// request begins a packet with room for its length, which frame fills in.
func request(kind byte, id uint32, size int) []byte {
	b := make([]byte, 4, 9+size)
	b = append(b, kind)
	return binary.BigEndian.AppendUint32(b, id)
}

func frame(b []byte) []byte {
	binary.BigEndian.PutUint32(b, uint32(len(b)-4))
	return b
}

func appendString[T ~string | ~[]byte](b []byte, s T) []byte {
	return append(binary.BigEndian.AppendUint32(b, uint32(len(s))), s...)
}

// A reader takes the fields of a packet one by one. After a field that is not
// there it gives zeros, and bad is true.
type reader struct {
	rest []byte
	bad  bool
}

func (r *reader) take(n int) []byte {
	if n < 0 || n > len(r.rest) {
		r.rest, r.bad = nil, true
		return nil
	}
	b := r.rest[:n]
	r.rest = r.rest[n:]
	return b
}

func (r *reader) uint32() uint32 {
	if b := r.take(4); b != nil {
		return binary.BigEndian.Uint32(b)
	}
	return 0
}

func (r *reader) uint64() uint64 {
	if b := r.take(8); b != nil {
		return binary.BigEndian.Uint64(b)
	}
	return 0
}

func (r *reader) bytes() []byte {
	n := r.uint32()
	if uint64(n) > uint64(len(r.rest)) {
		r.rest, r.bad = nil, true
		return nil
	}
	return r.take(int(n))
}

func (r *reader) string() string { return string(r.bytes()) }

// readPacket reads a whole packet, its kind first.
func readPacket(r io.Reader) ([]byte, error) {
	var length [4]byte
	if _, err := io.ReadFull(r, length[:]); err != nil {
		return nil, err
	}
	n := binary.BigEndian.Uint32(length[:])
	if n < 1 || n > mostAnswer {
		return nil, garbled("a packet of an impossible length")
	}
	body := make([]byte, n)
	_, err := io.ReadFull(r, body)
	return body, err
}
