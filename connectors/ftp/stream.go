package ftp

import (
	"context"
	"errors"
	"io"
	"sync"
	"time"

	"gantry/connectors"
)

// stream is a file that is sent in one go, over the parts: to a drop box, where
// whoever waits for the file would take it at the end of the first transfer, and
// to servers that let nothing be added to a file. It holds a session.
type stream struct {
	place *place
	s     *session
	pipe  *io.PipeWriter
	done  chan struct{}
	err   error // of the transfer, once it is done
	at    int64 // bytes written
	bored *time.Timer
	fresh bool // nothing was written to it yet

	mu    sync.Mutex
	given bool // the session is others'
}

// patience is how long a stream waits for its next part.
const patience = 10 * time.Minute

// openStream begins to send at the end of the part before.
func (u *upload) openStream(ctx context.Context, at int64) (*stream, error) {
	return u.openStreamBy(ctx, at, u.sender)
}

func (u *upload) openStreamBy(ctx context.Context, at int64, sender func(*session, int64) (func(io.Reader) error, error)) (*stream, error) {
	s, err := u.place.pool.take(ctx, false)
	if err != nil {
		return nil, fail("write part of", u.path, err)
	}
	stop := s.until(ctx)
	send, err := sender(s, at)
	if !stop() {
		err = ctx.Err()
	}
	if err != nil {
		u.place.pool.give(s, false)
		return nil, fail("write part of", u.path, err)
	}
	r, w := io.Pipe()
	made := &stream{place: u.place, s: s, pipe: w, done: make(chan struct{}), at: at}
	context.AfterFunc(s.ctx, func() { _ = r.CloseWithError(errors.New("the connection was given up")) })
	made.bored = time.AfterFunc(patience, made.abort)
	go func() {
		made.err = send(r)
		_ = r.CloseWithError(made.err)
		made.bored.Stop()
		made.give()
		close(made.done)
	}()
	return made, nil
}

func (st *stream) give() {
	st.mu.Lock()
	defer st.mu.Unlock()
	st.given = true
	st.place.pool.give(st.s, false)
}

// abort gives the connection up, as long as it is the stream's.
func (st *stream) abort() {
	st.mu.Lock()
	defer st.mu.Unlock()
	if !st.given {
		st.s.abort()
	}
}

// sender tells how to send from this offset on. What the server has beyond it is
// written again, if it lets that be done.
func (u *upload) sender(s *session, at int64) (func(r io.Reader) error, error) {
	name := u.target()
	if at == 0 {
		u.place.staged.Store(!u.place.dropBox || u.place.staged.Load())
		return func(r io.Reader) error { return u.place.sendAnew(s, name, r) }, nil
	}
	has, err := u.place.length(s, name)
	switch {
	case err != nil && codeOf(err) != 0, err == nil && has < at:
		return nil, u.gone("the server does not have what was sent, or does not tell")
	case err != nil:
		return nil, err
	case u.place.whole.Load():
		return nil, u.gone("the server lets nothing be added to it")
	case has == at:
		return func(r io.Reader) error { return transferred(s.lib.Append(s.abs(name), r)) }, nil
	default:
		return func(r io.Reader) error { return transferred(s.lib.StorFrom(s.abs(name), r, uint64(at))) }, nil
	}
}

// writeOn sends a part. A part that does not follow the last one begins the file
// again, or goes on with what the server has.
func (u *upload) writeOn(ctx context.Context, p connectors.Part, r io.Reader) error {
	if u.stream != nil && u.stream.at != p.Offset {
		u.endStream()
	}
	if u.stream == nil {
		opened, err := u.openStream(ctx, p.Offset)
		if err != nil {
			return err
		}
		u.stream, u.length = opened, p.Offset
	}
	return u.feed(ctx, p, r)
}

// feed hands a part to the stream.
func (u *upload) feed(ctx context.Context, p connectors.Part, r io.Reader) error {
	st := u.stream
	st.bored.Reset(patience)
	stop := context.AfterFunc(ctx, st.abort)
	from := &failing{Reader: r}
	n, err := io.Copy(st.pipe, from)
	st.at += n
	if !stop() {
		err = ctx.Err()
	}
	if err == nil {
		return nil
	}
	failed := st.cut()
	u.stream = nil
	if from.err != nil {
		err = from.err
	} else if ctx.Err() == nil && failed != nil {
		err = failed
	}
	return fail("write part of", u.path, err)
}

// failing keeps the error of a reader apart from those of who reads it.
type failing struct {
	io.Reader
	err error
}

func (f *failing) Read(p []byte) (int, error) {
	n, err := f.Reader.Read(p)
	if err != nil && err != io.EOF {
		f.err = err
	}
	return n, err
}

// finish ends the file and reads what the server says.
func (st *stream) finish(ctx context.Context) error {
	_ = st.pipe.Close()
	stop := context.AfterFunc(ctx, st.abort)
	<-st.done
	if !stop() {
		return ctx.Err()
	}
	return st.err
}

// cut ends the transfer without ending the file well: the connection is given up.
func (st *stream) cut() error {
	st.abort()
	<-st.done
	return st.err
}

func (u *upload) endStream() {
	if u.stream != nil {
		_ = u.stream.cut() // nobody waits for it
		u.stream = nil
	}
}
