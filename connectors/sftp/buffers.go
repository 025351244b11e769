package sftp

import "sync"

// buffers keep the memory of requests that are over for those to come, by size.
var buffers sync.Map // of the room to a *sync.Pool of *[]byte

// brief is the room that the requests of small files need.
const brief = 20 << 10

// newBuffer gives room for so many bytes: for most, or less where few are wanted.
func newBuffer(wanted, most int) *[]byte {
	room := most
	if wanted <= brief {
		room = min(brief, most)
	}
	kept, ok := buffers.Load(room)
	if !ok {
		kept, _ = buffers.LoadOrStore(room, &sync.Pool{New: func() any {
			b := make([]byte, room)
			return &b
		}})
	}
	return kept.(*sync.Pool).Get().(*[]byte)
}

// recycle must only get buffers that no request uses any more.
func recycle(b *[]byte) {
	if kept, ok := buffers.Load(len(*b)); ok {
		kept.(*sync.Pool).Put(b)
	}
}
