package wire

import (
	"io/fs"
	"sync"
)

// A File is an open file or folder, good as long as its client, and until it is closed:
// the server may give the next file the same handle.
type File struct {
	raw string

	mu     sync.Mutex
	flying int // reads and writes under way
	closed bool
	idle   chan struct{} // closed when none is under way on a closed file
}

// A Handle is what calls take for an open file.
type Handle = *File

func newFile(raw string) *File { return &File{raw: raw, idle: make(chan struct{})} }

// begin counts a read or write that is going to be sent.
func (f *File) begin() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed {
		return fs.ErrClosed
	}
	f.flying++
	return nil
}

func (f *File) over() {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.flying--; f.flying == 0 && f.closed {
		close(f.idle)
	}
}

// close lets nothing begin any more. It tells when all is over: some servers work on
// several requests at once. The second time it fails.
func (f *File) close() (idle <-chan struct{}, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed {
		return nil, fs.ErrClosed
	}
	if f.closed = true; f.flying == 0 {
		close(f.idle)
	}
	return f.idle, nil
}
