package web

import (
	"context"
	"io"
	"net/http"
	"sync"
	"time"
)

// A life ends a request during which nothing moves, while it is waited for: it runs
// only when the server has the next word.
type life struct {
	mu       sync.Mutex
	timer    *time.Timer
	patience time.Duration
}

func newLife(patience time.Duration, end context.CancelCauseFunc) *life {
	l := &life{patience: patience}
	l.timer = time.AfterFunc(patience, func() { end(errStalled) })
	l.timer.Stop()
	return l
}

func (l *life) run() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.timer.Reset(l.patience)
}

func (l *life) rest() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.timer.Stop()
}

// busy is a body to be sent; each read of it is a sign that the server takes it.
type busy struct {
	life *life
	io.Reader
}

func (b busy) Read(p []byte) (int, error) {
	b.life.run()
	return b.Reader.Read(p)
}

// A stream is the body of an answer, whose errors have a kind.
type stream struct {
	b        *breath
	w        *wire
	body     io.ReadCloser
	op, path string
}

func (s *stream) Read(p []byte) (int, error) {
	if s.b.ctx.Err() != nil {
		return 0, s.w.failed(s.b.ctx, s.op, s.path, context.Cause(s.b.ctx))
	}
	s.b.life.run()
	n, err := s.body.Read(p)
	s.b.life.rest()
	if err != nil && err != io.EOF {
		err = s.w.failed(s.b.ctx, s.op, s.path, err)
	}
	return n, err
}

// Close gives back what the request holds.
func (s *stream) Close() error {
	defer s.b.leave()
	return s.body.Close()
}

// An answer is one to a request.
type answer struct{ *http.Response }

// small bounds what is read of a body that nobody wants, so that the connection
// can be used again.
const small = 8 << 10

// finish reads the little that is left, and closes. A server that takes its time is
// not waited for.
func (a *answer) finish() []byte {
	defer a.Body.Close()
	if a.ContentLength > small || a.Request.Method == http.MethodHead {
		return nil
	}
	hurry := time.AfterFunc(time.Second, func() { _ = a.Body.Close() })
	defer hurry.Stop()
	data, _ := io.ReadAll(io.LimitReader(a.Body, small))
	return data
}
