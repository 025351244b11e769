package retry

import (
	"context"
	"errors"
	"io"

	"gantry/connectors"
	"gantry/connectors/wrap"
)

// before looks at a file of which much is to be read: a stream that breaks off is
// taken up only if it is still this version. nil if it is not to be taken up.
func (r *retrier) before(ctx context.Context, c wrap.Call) any {
	long := c.Length < 0 || c.Length >= r.o.Resume
	if r.o.Resume < 0 || !long || c.Op != wrap.Open {
		return nil
	}
	entry, err := r.stat(ctx, c.Path)
	if err != nil {
		return nil // Open will say what is wrong; a drop box knows no Stat
	}
	return entry
}

func (r *retrier) stream(ctx context.Context, c wrap.Call, s wrap.Stream) io.ReadCloser {
	entry, ok := s.Before.(connectors.Entry)
	if !ok {
		return s.ReadCloser
	}
	return &stream{ctx: ctx, r: r, call: c, inner: s.ReadCloser, again: s.Again, entry: entry, series: r.begin(c)}
}

// A stream is opened again where it broke off.
type stream struct {
	ctx    context.Context
	r      *retrier
	call   wrap.Call
	inner  io.ReadCloser // nil between two tries
	again  func(ctx context.Context, offset, length int64) (io.ReadCloser, error)
	entry  connectors.Entry // the version that is read
	done   int64            // bytes
	series *series
	err    error // for good
}

func (s *stream) Read(b []byte) (int, error) {
	for s.err == nil {
		if s.inner == nil {
			if err := s.reopen(); err != nil {
				s.err = s.series.pause(s.ctx, err)
				continue
			}
		}
		n, err := s.inner.Read(b)
		s.done += int64(n)
		if n > 0 {
			s.series.progress()
		}
		if err == nil || err == io.EOF {
			return n, err
		}
		s.broken(err)
		if n > 0 {
			return n, nil // the next call tells, or goes on
		}
	}
	return 0, s.err
}

func (s *stream) broken(err error) {
	_ = s.inner.Close() // it has failed already
	s.inner = nil
	if atEnd := s.call.Offset+s.done >= s.entry.Size; atEnd && connectors.KindOf(err) == connectors.KindIncomplete {
		s.err = err // more was asked for than there is
		return
	}
	s.err = s.series.pause(s.ctx, err)
}

// reopen goes on where the stream stopped. It looks at the file after it was
// opened, so that what is read then is this version, or an older one that can only
// be the same.
func (s *stream) reopen() error {
	length := s.call.Length
	if length >= 0 {
		length -= s.done
	}
	inner, err := s.again(s.ctx, s.call.Offset+s.done, length)
	if err != nil {
		return err
	}
	now, err := s.r.stat(s.ctx, s.call.Path)
	if err == nil && !now.SameVersion(s.entry) {
		err = &connectors.Error{
			Kind: connectors.KindChanged, Op: "read", Path: s.call.Path,
			Err: errors.New("the stream broke off, and the file is another one by now"), Remedy: "read it from the start",
		}
	}
	if err != nil {
		_ = inner.Close()
		return err
	}
	s.inner = inner
	return nil
}

// Close implements io.Closer.
func (s *stream) Close() error {
	if s.err == nil {
		s.err = connectors.Errorf(connectors.KindOther, "read", s.call.Path, "the stream was closed")
	}
	if s.inner == nil {
		return nil
	}
	return s.inner.Close()
}
