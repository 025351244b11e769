package transfer

import (
	"bytes"
	"context"
	"encoding/binary"
)

// The keys of MXF (SMPTE ST 377-1): the common beginning of those of partition
// packs, of which the last bytes say the kind, and that of the random index pack,
// which names all partitions and ends the file.
var (
	partitionKey   = []byte{0x06, 0x0e, 0x2b, 0x34, 0x02, 0x05, 0x01, 0x01, 0x0d, 0x01, 0x02, 0x01, 0x01}
	randomIndexKey = append(append([]byte(nil), partitionKey...), 0x11, 0x01, 0x00)
)

const (
	partitionPack = 1 << 10 // bytes that are enough for what is mended in a partition's pack
	mostIndex     = 1 << 20 // bytes of a random index pack that are believed
	footerAt      = 44      // where a pack with a length of four bytes has the offset of the footer, counted from its key
)

// partitions are the offsets of the partitions of a finished MXF file: their packs
// get the offset of the footer. A file that names none has none, or is no MXF.
func (g *growth) partitions(ctx context.Context, size int64) ([]int64, error) {
	if size < 24 {
		return nil, nil
	}
	tail, err := g.bytes(ctx, size-4, 4)
	if err != nil {
		return nil, err
	}
	length := int64(binary.BigEndian.Uint32(tail))
	if length < 24 || length > min(size, mostIndex) {
		return nil, nil
	}
	pack, err := g.bytes(ctx, size-length, length)
	if err != nil {
		return nil, err
	}
	return indexedPartitions(pack, size), nil
}

// indexedPartitions reads a random index pack: its key, a length, and an identifier
// of four bytes with an offset of eight for each partition.
func indexedPartitions(pack []byte, size int64) (offsets []int64) {
	rest, ok := bytes.CutPrefix(pack, randomIndexKey)
	if !ok || len(rest) < 5 {
		return nil
	}
	length := 1
	if rest[0]&0x80 != 0 { // BER, long form
		length += int(rest[0] & 0x7f)
	}
	for rest = rest[min(length, len(rest)):]; len(rest) >= 4+12; rest = rest[12:] {
		if offset := int64(binary.BigEndian.Uint64(rest[4:])); offset >= 0 && offset < size {
			offsets = append(offsets, offset)
		}
	}
	return offsets
}

// openPartition tells whether there is a pack of a partition whose footer is not
// known.
func openPartition(data []byte) bool {
	for at := 0; ; {
		found := bytes.Index(data[at:], partitionKey)
		if found < 0 || at+found+footerAt+8 > len(data) {
			return false
		}
		at += found
		pack := data[at:]
		if kind := pack[13]; kind >= 2 && kind <= 3 && pack[16] == 0x83 && binary.BigEndian.Uint64(pack[footerAt:]) == 0 {
			return true
		}
		at += len(partitionKey)
	}
}
