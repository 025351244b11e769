package connectortest

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"
	"math/rand/v2"
	"testing"

	"github.com/minio/crc64nvme"
	"github.com/zeebo/xxh3"

	"gantry/connectors"
)

const largeSize = 96 << 20

// testLarge sends a file of several large parts, of which no more than a part is in memory at once.
func testLarge(t *testing.T, s *stand) {
	if testing.Short() {
		t.Skip("it takes too long with -short")
	}
	if s.site.Slow {
		t.Skip("it takes too long here (Site.Slow)")
	}
	size := max(s.part, 32<<20)
	if most := s.place.Traits().MaxPart; most > 0 {
		size = min(size, most)
	}
	up, err := s.place.Begin(s.ctx, "large.mxf", connectors.UploadOptions{Size: largeSize})
	if err != nil {
		t.Fatalf("begin: %v", err)
	}
	w := connectors.Whole{Size: largeSize}
	sums := newSums(s.place.Traits())
	buffer := make([]byte, size)
	for offset := int64(0); offset < largeSize; offset += size {
		data := buffer[:min(size, largeSize-offset)]
		largeContent(data, offset)
		part := connectors.Part{Number: len(w.Parts) + 1, Offset: offset, Size: int64(len(data))}
		sums.add(data)
		part.Digests = newSums(s.place.Traits()).add(data).digests()
		if part, err = up.WritePart(s.ctx, part, bytes.NewReader(data)); err != nil {
			t.Fatalf("write part %d: %v", part.Number, err)
		}
		w.Parts = append(w.Parts, part)
	}
	w.Digests = sums.digests()
	entry, err := up.Commit(s.ctx, w)
	if err != nil || entry.Size != largeSize {
		t.Fatalf("commit = %d bytes, %v; want %d", entry.Size, err, largeSize)
	}
	s.holdsLarge("large.mxf")
}

func (s *stand) holdsLarge(path string) {
	s.t.Helper()
	r, err := s.place.Open(s.ctx, path, 0, -1)
	if err != nil {
		s.t.Fatalf("open: %v", err)
	}
	defer r.Close()
	got, want := make([]byte, largeChunk), make([]byte, largeChunk)
	for offset := int64(0); offset < largeSize; offset += largeChunk {
		if _, err := io.ReadFull(r, got); err != nil {
			s.t.Fatalf("read at %d: %v", offset, err)
		}
		if largeContent(want, offset); !bytes.Equal(got, want) {
			s.t.Fatalf("other bytes than were sent at %d", offset)
		}
	}
	if n, err := r.Read(got); n > 0 || err != io.EOF {
		s.t.Fatalf("read at the end: %d bytes, %v", n, err)
	}
}

// largeChunk divides every part and the whole.
const largeChunk = 64 << 10

// largeContent fills data with what the large file holds from offset on.
func largeContent(data []byte, offset int64) {
	var key [32]byte
	for ; len(data) > 0; data = data[min(largeChunk, len(data)):] {
		binary.LittleEndian.PutUint64(key[:], uint64(offset))
		_, _ = rand.NewChaCha8(key).Read(data[:min(largeChunk, len(data))])
		offset += largeChunk
	}
}

// sums are the digests that a place wants, and XXH128.
type sums map[connectors.Algorithm]io.Writer

func newSums(t connectors.Traits) sums {
	s := sums{connectors.XXH128: xxh3.New()}
	for _, algorithm := range []connectors.Algorithm{t.PartDigest, t.WholeDigest} {
		switch algorithm {
		case connectors.CRC64NVME:
			s[algorithm] = crc64nvme.New()
		case connectors.CRC32C:
			s[algorithm] = crc32.New(crc32.MakeTable(crc32.Castagnoli))
		case connectors.SHA256:
			s[algorithm] = sha256.New()
		}
	}
	return s
}

func (s sums) add(data []byte) sums {
	for _, w := range s {
		_, _ = w.Write(data)
	}
	return s
}

func (s sums) digests() connectors.Digests {
	found := make(connectors.Digests)
	for algorithm, w := range s {
		switch h := w.(type) {
		case *xxh3.Hasher:
			sum := h.Sum128().Bytes()
			found[algorithm] = fmt.Sprintf("%x", sum)
		case interface{ Sum(b []byte) []byte }:
			found[algorithm] = fmt.Sprintf("%x", h.Sum(nil))
		}
	}
	return found
}
