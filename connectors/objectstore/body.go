package objectstore

import (
	"crypto/md5"
	"encoding/base64"
	"errors"
	"io"
	"sync"
)

// A body is size bytes of a reader, to be sent and sent again. The transport of
// net/http may go on reading for a while after a request has failed; detach
// keeps it away from a reader that belongs to the caller again.
type body struct {
	mu    sync.Mutex
	r     io.ReadSeeker
	start int64 // where r stood
	size  int64
	pos   int64
	err   error
}

var errDetached = errors.New("the request has ended")

// newBody takes size bytes from where r stands. Fewer are io.ErrUnexpectedEOF.
func newBody(r io.ReadSeeker, size int64) (*body, error) {
	start, err := r.Seek(0, io.SeekCurrent)
	if err != nil {
		return nil, err
	}
	end, err := r.Seek(0, io.SeekEnd)
	if err != nil {
		return nil, err
	}
	if end-start < size {
		return nil, io.ErrUnexpectedEOF
	}
	b := &body{r: r, start: start, size: size}
	_, err = b.Seek(0, io.SeekStart)
	return b, err
}

// Read gives io.ErrUnexpectedEOF where the reader ends before the part does.
func (b *body) Read(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.err != nil {
		return 0, b.err
	}
	left := b.size - b.pos
	if left <= 0 {
		return 0, io.EOF
	}
	n, err := b.r.Read(p[:min(int64(len(p)), left)])
	b.pos += int64(n)
	if errors.Is(err, io.EOF) && b.pos < b.size {
		err = io.ErrUnexpectedEOF
	}
	return n, err
}

func (b *body) Seek(offset int64, whence int) (int64, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.err != nil {
		return 0, b.err
	}
	switch whence {
	case io.SeekCurrent:
		offset += b.pos
	case io.SeekEnd:
		offset += b.size
	}
	if offset < 0 {
		return 0, errors.New("seek before the start")
	}
	if offset <= b.size {
		if _, err := b.r.Seek(b.start+offset, io.SeekStart); err != nil {
			return 0, err
		}
	}
	b.pos = offset
	return offset, nil
}

// md5 reads the body, and rewinds it.
func (b *body) md5() (string, error) {
	h := md5.New()
	if _, err := io.Copy(h, b); err != nil {
		return "", err
	}
	_, err := b.Seek(0, io.SeekStart)
	return base64.StdEncoding.EncodeToString(h.Sum(nil)), err
}

func (b *body) detach() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.err = errDetached
}
