package objectstore

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"io"
	"strconv"
	"strings"
	"sync/atomic"

	"github.com/minio/crc64nvme"

	"gantry/connectors"
)

// WholeSums collects the checksums that an answer's headers state of the whole
// object. A checksum of checksums ("base64-N", type COMPOSITE) is none.
// kind is the value of x-amz-checksum-type, which not all stores send.
func WholeSums(kind string, sums map[connectors.Algorithm]string) map[connectors.Algorithm]string {
	if strings.EqualFold(kind, "COMPOSITE") {
		return nil
	}
	for algorithm, sum := range sums {
		if sum == "" || strings.Contains(sum, "-") {
			delete(sums, algorithm)
		}
	}
	return sums
}

// toHex turns the wire's base64 into the hex of digests; "" if it is neither.
func toHex(sum string) string {
	raw, err := base64.StdEncoding.DecodeString(sum)
	if err != nil {
		return ""
	}
	return hex.EncodeToString(raw)
}

// toWire turns the hex of digests into the wire's base64; "" gives "".
func toWire(digest string) (string, error) {
	raw, err := hex.DecodeString(digest)
	if err != nil {
		return "", connectors.Errorf(connectors.KindInvalid, "send digest", digest, "it is not hexadecimal: %w", err)
	}
	return base64.StdEncoding.EncodeToString(raw), nil
}

// Count reads a number of a header; 0 if it is none.
func Count(value string) int {
	n, _ := strconv.Atoi(value)
	return max(n, 0)
}

func digestsOf(sums map[connectors.Algorithm]string) connectors.Digests {
	var digests connectors.Digests
	for algorithm, sum := range sums {
		if digest := toHex(sum); digest != "" {
			if digests == nil {
				digests = make(connectors.Digests, len(sums))
			}
			digests[algorithm] = digest
		}
	}
	return digests
}

// crcOf reads r to its end.
func crcOf(r io.Reader) (string, error) {
	h := crc64nvme.New()
	if _, err := io.Copy(h, r); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

func crcOfBytes(data []byte) string {
	return hex.EncodeToString(binary.BigEndian.AppendUint64(nil, crc64nvme.Checksum(data)))
}

// A Checksum says whether a store does CRC64NVME.
type Checksum string

// The values of the option "checksum".
const (
	ChecksumAuto Checksum = "auto"      // found out by the first answers
	ChecksumCRC  Checksum = "crc64nvme" // it does; an answer without it is not doubted
	ChecksumNone Checksum = "none"      // it does not; none is sent
)

// ParseChecksum reads the option.
func ParseChecksum(value string) (Checksum, error) {
	switch c := Checksum(value); c {
	case ChecksumAuto, ChecksumCRC, ChecksumNone:
		return c, nil
	default:
		return "", &connectors.Error{
			Kind: connectors.KindInvalid, Op: "read option", Path: "checksum", Err: fmt.Errorf("there is no value %q", value),
			Remedy: "write auto, crc64nvme or none",
		}
	}
}

// support is what is known of the store so far.
type support struct{ state atomic.Int32 }

const (
	untold int32 = iota
	confirmed
	denied
)

func (s *support) init(c Checksum) {
	switch c {
	case ChecksumCRC:
		s.state.Store(confirmed)
	case ChecksumNone:
		s.state.Store(denied)
	}
}

// wanted tells whether to send checksums.
func (s *support) wanted() bool { return s.state.Load() != denied }

func (s *support) untold() bool { return s.state.Load() == untold }

func (s *support) deny() { s.state.CompareAndSwap(untold, denied) }

// learn takes the answer to a request that carried a checksum.
func (s *support) learn(r Receipt) {
	if r.CRC == "" {
		s.deny()
		return
	}
	s.state.CompareAndSwap(untold, confirmed)
}

// try makes a request with checksums if they are wanted. While it is not known
// whether the store does them, one that is refused as not understood is made
// once more without.
func (s *support) try(request func(sums bool) error) error {
	if !s.wanted() {
		return request(false)
	}
	open := s.untold()
	err := request(true)
	if !open || !notUnderstood(err) || request(false) != nil {
		return err
	}
	s.deny()
	return nil
}
