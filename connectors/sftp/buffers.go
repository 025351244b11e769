package sftp

import "sync"

// buffers keep the memory of requests that are over for those to come, by size.
var buffers sync.Map // of the payload's size to a *sync.Pool of *[]byte

// newBuffer gives room for a payload.
func newBuffer(payload int) *[]byte {
	kept, ok := buffers.Load(payload)
	if !ok {
		kept, _ = buffers.LoadOrStore(payload, &sync.Pool{New: func() any {
			b := make([]byte, payload)
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
