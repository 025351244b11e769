package objectstore

import (
	"math/bits"
	"sync"
)

// A lent is memory for a small object on its way. It is used again: new memory for
// each of ten thousand files would cost more than to send them.
type lent struct {
	bytes []byte
	class int
}

// shelves are what is not in use, by the power of two of the size.
var shelves [bits.UintSize]sync.Pool

func lend(size int64) *lent {
	class := bits.Len64(uint64(max(size, 4096) - 1))
	l, ok := shelves[class].Get().(*lent)
	if !ok {
		l = &lent{bytes: make([]byte, 1<<class), class: class}
	}
	l.bytes = l.bytes[:size]
	return l
}

// giveBack is for whoever is the last to use it; nil is nothing.
func (l *lent) giveBack() {
	if l != nil {
		shelves[l.class].Put(l)
	}
}

// all is what was written, nothing for nil.
func (l *lent) all() []byte {
	if l == nil {
		return nil
	}
	return l.bytes
}
