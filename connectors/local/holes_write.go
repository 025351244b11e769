package local

import (
	"errors"
	"os"
	"slices"
)

// unit is how many zeros become a hole, where they begin at a multiple of it;
// 0 = they never do.
func (s sparse) unit() int64 {
	switch s {
	case sparseYes:
		return 4 << 10 // the file system's block, nearly everywhere
	case sparseAuto:
		return 64 << 10
	default:
		return 0
	}
}

// A span is a range of a file.
type span struct{ offset, end int64 }

// writer writes what is no hole, and remembers what is to be one. Holes are made
// in the end and not left out, since something may have been written there before.
type writer struct {
	f     *os.File
	unit  int64
	holes []span
	end   int64 // of what was written or left out
}

var zeros = make([]byte, bufferSize)

func isZero(b []byte) bool {
	return b[0] == 0 && b[len(b)-1] == 0 && string(b) == string(zeros[:len(b)])
}

// write puts b at an offset. It looks at whole units only.
func (w *writer) write(b []byte, at int64) error {
	w.end = at + int64(len(b))
	if w.unit == 0 {
		_, err := w.f.WriteAt(b, at)
		return err
	}
	start := 0 // of what is not written yet
	for i := 0; i < len(b); {
		n := int(min(w.unit-(at+int64(i))%w.unit, int64(len(b)-i)))
		if int64(n) == w.unit && isZero(b[i:i+n]) {
			if err := w.put(b[start:i], at+int64(start)); err != nil {
				return err
			}
			w.leaveOut(at+int64(i), at+int64(i+n))
			start = i + n
		}
		i += n
	}
	return w.put(b[start:], at+int64(start))
}

func (w *writer) put(b []byte, at int64) error {
	if len(b) == 0 {
		return nil
	}
	_, err := w.f.WriteAt(b, at)
	return err
}

func (w *writer) leaveOut(offset, end int64) {
	if last := len(w.holes) - 1; last >= 0 && w.holes[last].end == offset {
		w.holes[last].end = end
		return
	}
	w.holes = append(w.holes, span{offset, end})
}

// makeHoles takes the room of what was left out, and makes the file as long as it
// has to be by now: a file that ends in a hole tells by its length that the part
// is there.
func (w *writer) makeHoles() error {
	for _, h := range slices.Backward(w.holes) {
		err := w.makeHole(h)
		if errors.Is(err, errors.ErrUnsupported) {
			err = w.fill(h)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (w *writer) makeHole(h span) error {
	if h.end == w.end {
		if err := lengthen(w.f, h.end); err != nil {
			return err
		}
	}
	return punch(w.f, h)
}

func (w *writer) fill(h span) error {
	for at := h.offset; at < h.end; {
		n, err := w.f.WriteAt(zeros[:min(bufferSize, h.end-at)], at)
		if err != nil {
			return err
		}
		at += int64(n)
	}
	return nil
}
