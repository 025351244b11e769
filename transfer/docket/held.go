package docket

import (
	"os"
	"sync"
)

// A Held docket is locked. Its methods may be called on nil, and more than once; the
// first call counts.
type Held struct {
	Docket
	path string
	file *os.File
	once sync.Once
}

// Release leaves the docket to whoever takes the upload up.
func (h *Held) Release() { h.end(false) }

// Remove takes it away: the upload is committed, or was given up.
func (h *Held) Remove() { h.end(true) }

func (h *Held) end(remove bool) {
	if h == nil {
		return
	}
	h.once.Do(func() {
		if remove {
			_ = os.Remove(h.path) // one that stays names an upload that is gone, which is found out
		}
		unlock(h.file)
		_ = h.file.Close()
	})
}
