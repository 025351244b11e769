package objectstore

import (
	"crypto/md5"
	"encoding/base64"
	"errors"
	"io"
	"sync"
	"sync/atomic"
)

// A body is size bytes of a reader, to be sent and sent again. The transport of
// net/http may go on reading for a while after a request has failed; detach
// keeps it away from a reader that belongs to the caller again.
type body struct {
	mu    sync.Mutex
	r     io.ReadSeeker
	start int64 // where r stood
	size  int64
	rest  bool // there is nothing in r behind it
	pos   int64
	err   error

	sending  sync.Mutex // held while the reader writes itself
	detached atomic.Bool
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
	b := &body{r: r, start: start, size: size, rest: end-start == size}
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

// sendTo writes all of the body without a copy in between, if its reader can do
// so. Detach then waits for one step of the reader.
func (b *body) sendTo(w io.Writer, size int64) (n int64, ok bool, err error) {
	b.sending.Lock()
	defer b.sending.Unlock()
	b.mu.Lock()
	from, ok := b.r.(io.WriterTo)
	ok = ok && b.rest && b.pos == 0 && size == b.size && b.err == nil
	b.mu.Unlock()
	if !ok {
		return 0, false, nil
	}
	// The reader has a lock of its own, so that ours must not be held meanwhile.
	n, err = from.WriteTo(stepper{b, w})
	if err == nil && n < size {
		err = io.ErrUnexpectedEOF
	}
	b.mu.Lock()
	b.pos += n
	b.mu.Unlock()
	return n, true, err
}

// A stepper ends the writing once the body is detached.
type stepper struct {
	body *body
	to   io.Writer
}

func (s stepper) Write(p []byte) (int, error) {
	if s.body.detached.Load() {
		return 0, errDetached
	}
	return s.to.Write(p)
}

func (b *body) detach() {
	b.detached.Store(true)
	b.sending.Lock()
	defer b.sending.Unlock()
	b.mu.Lock()
	defer b.mu.Unlock()
	b.err = errDetached
}
