package nulls3

import (
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"strconv"
	"strings"

	"github.com/minio/crc64nvme"
)

// A Seed is objects of zeros that a store holds from the beginning, with their
// checksums: Prefix/000000.bin and so on.
type Seed struct {
	Prefix string // with the bucket: "peers/small"
	Count  int
	Size   int64 // bytes of each
}

// ParseSeed reads PREFIX:COUNTxSIZE, as in peers/small:10000x65536.
func ParseSeed(text string) (Seed, error) {
	prefix, amount, _ := strings.Cut(text, ":")
	count, size, _ := strings.Cut(amount, "x")
	n, err := strconv.Atoi(count)
	bytes, errSize := strconv.ParseInt(size, 10, 64)
	if prefix == "" || err != nil || errSize != nil || n < 1 || bytes < 0 {
		return Seed{}, fmt.Errorf("%q is no seed: write PREFIX:COUNTxSIZE, as in peers/small:10000x65536", text)
	}
	return Seed{Prefix: strings.Trim(prefix, "/"), Count: n, Size: bytes}, nil
}

// Text is what ParseSeed reads.
func (d Seed) Text() string { return fmt.Sprintf("%s:%dx%d", d.Prefix, d.Count, d.Size) }

// Name is that of an object, without the prefix.
func (d Seed) Name(n int) string { return fmt.Sprintf("%06d.bin", n) }

func (s *store) sow(seed Seed) {
	o := object{size: seed.Size, crc: zeroSum(seed.Size)}
	s.mu.Lock()
	defer s.mu.Unlock()
	for n := range seed.Count {
		s.objects["/"+seed.Prefix+"/"+seed.Name(n)] = o
	}
	s.keys = nil
}

func zeroSum(size int64) string {
	h := crc64nvme.New()
	for left := size; left > 0; left -= int64(len(zeros)) {
		_, _ = h.Write(zeros[:min(left, int64(len(zeros)))])
	}
	return base64.StdEncoding.EncodeToString(binary.BigEndian.AppendUint64(nil, h.Sum64()))
}
