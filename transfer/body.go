package transfer

import (
	"errors"
	"fmt"
	"io"
	"sync"
	"time"
)

// A body lends a part's bytes to a connector for the time of one call. After
// revoke it gives no more, so that a transport that still reads after its call
// was cancelled does not send the bytes of whatever part has the memory next.
type body struct {
	mu      sync.Mutex
	data    []byte
	at      int64
	reached int64 // the furthest position read
	revoked bool
	moved   func(n int, reached int64) // called on each progress, of n bytes
	watch   *watch                     // lets the bytes pass; may be nil
}

var errRevoked = errors.New("read after the call that lent the part had ended")

// step is how much is written while the lock is held.
const step = 1 << 20

func (b *body) Read(p []byte) (int, error) {
	p = p[:min(len(p), b.watch.step(), b.Len())]
	if err := b.admit(len(p)); err != nil {
		return 0, err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.revoked {
		return 0, errRevoked
	}
	if b.at >= int64(len(b.data)) {
		return 0, io.EOF
	}
	n := copy(p, b.data[b.at:])
	b.advance(n)
	return n, nil
}

// WriteTo saves a copy into a small buffer.
func (b *body) WriteTo(w io.Writer) (total int64, err error) {
	for {
		n, err := b.writeStep(w)
		total += int64(n)
		if err != nil {
			if errors.Is(err, io.EOF) {
				err = nil
			}
			return total, err
		}
	}
}

func (b *body) writeStep(w io.Writer) (int, error) {
	most := min(b.watch.step(), b.Len())
	if err := b.admit(most); err != nil {
		return 0, err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.revoked {
		return 0, errRevoked
	}
	rest := b.data[min(b.at, int64(len(b.data))):]
	if len(rest) == 0 {
		return 0, io.EOF
	}
	rest = rest[:min(most, len(rest))]
	n, err := w.Write(rest)
	b.advance(n)
	switch {
	case errors.Is(err, io.EOF):
		err = fmt.Errorf("the writer ended: %v", err) // not the end of this reader
	case err == nil && n < len(rest):
		err = io.ErrShortWrite
	}
	return n, err
}

// admit waits until n bytes may move, without the lock.
func (b *body) admit(n int) error {
	err := b.watch.pass(n)
	if err == nil {
		return nil
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.revoked {
		return errRevoked
	}
	return err
}

func (b *body) advance(n int) {
	b.at += int64(n)
	b.reached = max(b.reached, b.at)
	b.moved(n, b.reached)
}

func (b *body) Seek(offset int64, whence int) (int64, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch whence {
	case io.SeekCurrent:
		offset += b.at
	case io.SeekEnd:
		offset += int64(len(b.data))
	}
	if offset < 0 {
		return 0, errors.New("seek before the part's first byte")
	}
	b.at = offset
	return offset, nil
}

// Len is the number of bytes not yet read.
func (b *body) Len() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return int(max(0, int64(len(b.data))-b.at))
}

// Size is the number of bytes in all.
func (b *body) Size() int64 { return int64(len(b.data)) }

// revoke takes the bytes back. clean is false if somebody is writing them and
// does not come to an end.
func (b *body) revoke() (reached int64, clean bool) {
	for wait := time.Microsecond; !b.mu.TryLock(); wait *= 2 {
		if wait > 500*time.Millisecond {
			return 0, false
		}
		time.Sleep(wait)
	}
	defer b.mu.Unlock()
	b.revoked = true
	return b.reached, true
}

// end takes the bytes back as soon as nobody is writing them any more.
func (b *body) end() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.revoked = true
}
