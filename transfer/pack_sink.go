package transfer

import (
	"errors"
	"io"

	"gantry/connectors"
)

// A packSink writes the packed file as long as there is room for it: nobody knows before
// how large it becomes.
type packSink struct {
	w     io.Writer
	lease *lease
	path  string
	most  int64 // bytes

	written, asked int64
}

// sinkStep is how much may be written between two looks at the room, in bytes.
const sinkStep = 8 << 20

var errSwells = errors.New("it unpacks to far more than any file of its size would")

// Write implements io.Writer.
func (s *packSink) Write(b []byte) (int, error) {
	if s.written+int64(len(b)) > s.most {
		return 0, &connectors.Error{
			Kind: connectors.KindInvalid, Op: "pack", Path: s.path, Err: errSwells, Remedy: "unpack it by hand, if you trust who made it",
		}
	}
	if s.written+int64(len(b)) > s.asked {
		s.asked = s.written + int64(len(b)) + sinkStep
		if err := s.lease.arrived(s.written); err != nil {
			return 0, err
		}
	}
	n, err := s.w.Write(b)
	s.written += int64(n)
	return n, err
}

// mostOf bounds what becomes of a file of so many bytes: media files do not shrink to a
// thousandth, and a small file may well be a large one of zeros.
func mostOf(size int64) int64 { return 1<<30 + 1000*size }
