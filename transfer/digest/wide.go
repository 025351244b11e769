package digest

import (
	"encoding/binary"
	"unsafe"
)

// What xxh3 holds back between two writes, and what of it it holds for its end only.
const (
	xxh3Block  = 1024
	xxh3Stripe = 64
	worthPlace = 16 * xxh3Block // bytes from which on it pays to save the copy
)

// Write implements hash.Hash. The package takes in its first write where it lies, and
// copies all others into a buffer, block by block, which costs as much as to hash them. So
// a large write fills that buffer up, and the rest is taken in as a first write would be:
// the bytes that are held back then are the last ones of p before it.
func (w wide) Write(p []byte) (int, error) {
	if len(p) < worthPlace || errXXH3 != nil {
		return w.Hasher128.Write(p)
	}
	held := (&xxh3State{unsafe.Pointer(w.Hasher128)}).field(2)
	first := 0
	if n := int(binary.NativeEndian.Uint64(held)); n > 0 {
		if first = xxh3Block + xxh3Stripe + 1 - n; first <= xxh3Stripe { // what is held back then began before p
			first += xxh3Block
		}
		_, _ = w.Hasher128.Write(p[:first])
		back := int(binary.NativeEndian.Uint64(held))
		if back > first {
			_, _ = w.Hasher128.Write(p[first:])
			return len(p), nil
		}
		binary.NativeEndian.PutUint64(held, 0)
		first -= back
	}
	_, _ = w.Hasher128.Write(p[first:])
	return len(p), nil
}
