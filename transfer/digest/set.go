package digest

import (
	"hash"
	"io"
	"slices"
	"sync"

	"github.com/zeebo/xxh3"

	"gantry/connectors"
)

// A Set computes several digests of what is written to it. It is for one
// goroutine at a time; Sums may be asked for in between.
type Set struct {
	algorithms []connectors.Algorithm
	hashes     []hash.Hash
	size       int64
}

// New makes a Set of the given algorithms; one that is named twice is computed
// once. KindUnsupported for an unknown one.
func New(algorithms ...connectors.Algorithm) (*Set, error) {
	s := &Set{}
	for _, a := range algorithms {
		if slices.Contains(s.algorithms, a) {
			continue
		}
		start, err := find(a)
		if err != nil {
			return nil, err
		}
		s.algorithms = append(s.algorithms, a)
		s.hashes = append(s.hashes, start())
	}
	return s, nil
}

// Write takes in p, and never fails.
func (s *Set) Write(p []byte) (int, error) {
	for _, h := range s.hashes {
		h.Write(p)
	}
	s.size += int64(len(p))
	return len(p), nil
}

// Size is the number of bytes written so far.
func (s *Set) Size() int64 { return s.size }

// Sums gives the digests of what was written so far.
func (s *Set) Sums() connectors.Digests {
	sums := make(connectors.Digests, len(s.hashes))
	for i, h := range s.hashes {
		sums[s.algorithms[i]] = encode(s.algorithms[i], h.Sum(nil))
	}
	return sums
}

// End is Sums for a Set that is of no use afterwards: what it consists of is used again.
func (s *Set) End() connectors.Digests {
	sums := s.Sums()
	for _, h := range s.hashes {
		if w, ok := h.(wide); ok {
			idle.Put(w.Hasher128)
		}
	}
	s.algorithms, s.hashes = nil, nil
	return sums
}

// idle are hashers of XXH128, which has a state of more than a KiB.
var idle = sync.Pool{New: func() any { return xxh3.New128() }}

func newWide() hash.Hash {
	h := idle.Get().(*xxh3.Hasher128)
	h.Reset()
	return wide{h}
}

// Check tells of the first algorithm that there is not, as New does.
func Check(algorithms ...connectors.Algorithm) error {
	for _, a := range algorithms {
		if _, err := find(a); err != nil {
			return err
		}
	}
	return nil
}

// Read takes in all of r. It returns the digests and the number of bytes.
func Read(r io.Reader, algorithms ...connectors.Algorithm) (connectors.Digests, int64, error) {
	s, err := New(algorithms...)
	if err != nil {
		return nil, 0, err
	}
	buffer := buffers.Get().(*[]byte)
	defer buffers.Put(buffer)
	if _, err := io.CopyBuffer(onlyWriter{s}, r, *buffer); err != nil {
		return nil, s.size, err
	}
	return s.End(), s.size, nil
}

// buffers are small enough to be hashed before the processor has let go of them.
var buffers = sync.Pool{New: func() any { b := make([]byte, 256<<10); return &b }}

type onlyWriter struct{ io.Writer }

// Of gives the digests of data.
func Of(data []byte, algorithms ...connectors.Algorithm) (connectors.Digests, error) {
	s, err := New(algorithms...)
	if err != nil {
		return nil, err
	}
	s.Write(data)
	return s.End(), nil
}
