package sftp

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
)

// The greeting of the protocol, as far as the library keeps it to itself: it does
// not ask for the limits of the server.
const (
	packetInit          = 1
	packetVersion       = 2
	packetExtended      = 200
	packetExtendedReply = 201

	limitsExtension = "limits@openssh.com"
	safePayload     = 32 << 10  // what every server takes
	mostPayload     = 255 << 10 // what the library takes, with its headers
	mostGreeting    = 256 << 10
)

var errGreeting = errors.New("the server does not speak SFTP")

// greet exchanges versions and asks a server that knows limits@openssh.com how
// large requests may be. It returns the largest payload, and the streams to make
// a client of, on which the exchange of versions appears not to have been made.
func greet(r io.Reader, w io.WriteCloser) (payload int, rr io.Reader, ww io.WriteCloser, err error) {
	hello := frame(packetInit, binary.BigEndian.AppendUint32(nil, 3))
	if _, err := w.Write(hello); err != nil {
		return 0, nil, nil, err
	}
	version, err := readFrame(r)
	if err != nil {
		return 0, nil, nil, err
	}
	if len(version) < 5 || version[0] != packetVersion {
		return 0, nil, nil, errGreeting
	}
	payload = safePayload
	if knows(version[5:], limitsExtension) {
		if payload, err = askLimits(r, w); err != nil {
			return 0, nil, nil, err
		}
	}
	return payload, io.MultiReader(bytes.NewReader(frame(version[0], version[1:])), r), &skip{WriteCloser: w, left: len(hello)}, nil
}

func askLimits(r io.Reader, w io.Writer) (int, error) {
	ask := binary.BigEndian.AppendUint32(nil, 0) // the request's ID
	ask = binary.BigEndian.AppendUint32(ask, uint32(len(limitsExtension)))
	if _, err := w.Write(frame(packetExtended, append(ask, limitsExtension...))); err != nil {
		return 0, err
	}
	reply, err := readFrame(r)
	if err != nil {
		return 0, err
	}
	if len(reply) < 1+4+3*8 || reply[0] != packetExtendedReply {
		return safePayload, nil
	}
	packet, read, write := binary.BigEndian.Uint64(reply[5:]), binary.BigEndian.Uint64(reply[13:]), binary.BigEndian.Uint64(reply[21:])
	if packet == 0 || read == 0 || write == 0 {
		return safePayload, nil // zero is "not specified"
	}
	const headers = 1024
	return int(max(min(packet-min(packet, headers), read, write, mostPayload), 1)), nil
}

func frame(kind byte, body []byte) []byte {
	b := binary.BigEndian.AppendUint32(nil, uint32(len(body)+1))
	return append(append(b, kind), body...)
}

func readFrame(r io.Reader) ([]byte, error) {
	var length [4]byte
	if _, err := io.ReadFull(r, length[:]); err != nil {
		return nil, errors.Join(errGreeting, err)
	}
	n := binary.BigEndian.Uint32(length[:])
	if n < 1 || n > mostGreeting {
		return nil, errGreeting
	}
	body := make([]byte, n)
	_, err := io.ReadFull(r, body)
	return body, err
}

// knows tells whether the pairs of names and data hold the extension.
func knows(pairs []byte, extension string) bool {
	for len(pairs) > 0 {
		var name []byte
		if name, pairs = cutString(pairs); pairs == nil {
			return false
		}
		if _, pairs = cutString(pairs); pairs == nil {
			return false
		}
		if string(name) == extension {
			return true
		}
	}
	return false
}

// cutString returns a nil rest if b does not begin with a whole string.
func cutString(b []byte) (s, rest []byte) {
	if len(b) < 4 {
		return nil, nil
	}
	n := binary.BigEndian.Uint32(b)
	if uint64(n) > uint64(len(b)-4) {
		return nil, nil
	}
	return b[4 : 4+n], b[4+n:]
}

// skip swallows the first bytes that are written.
type skip struct {
	io.WriteCloser
	left int
}

func (s *skip) Write(p []byte) (int, error) {
	cut := min(s.left, len(p))
	s.left -= cut
	if cut == len(p) {
		return cut, nil
	}
	n, err := s.WriteCloser.Write(p[cut:])
	return n + cut, err
}
