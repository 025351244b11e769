package transfer

import (
	"bytes"
	"context"
	"io"
	"sync"
	"sync/atomic"

	"gantry/connectors"
)

// A script is a real place with scripted faults. The functions get the number of
// the call, from 1, and next, which does what the place would do.
type script struct {
	connectors.Place
	traits   *connectors.Traits
	unstaged bool // hide OpenStaged

	write  func(ctx context.Context, call int, p connectors.Part, r io.ReadSeeker, next writer) (connectors.Part, error)
	begin  func(call int, o connectors.UploadOptions) error
	fill   func(inside connectors.Upload) error
	commit func(call int, next func() (connectors.Entry, error)) (connectors.Entry, error)
	open   func(call int, offset int64, r io.ReadCloser) (io.ReadCloser, error)
	stat   func(call int, e connectors.Entry, err error) (connectors.Entry, error)
	rest   func()

	writes, begins, commits, opens, stats, aborts, rests atomic.Int32
	mu                                                   sync.Mutex
	written                                              map[int]int // attempts by part
}

type writer func(io.ReadSeeker) (connectors.Part, error)

func (s *script) Traits() connectors.Traits {
	if s.traits != nil {
		return *s.traits
	}
	return s.Place.Traits()
}

func (s *script) attempts(part int) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.written[part]
}

func (s *script) Begin(ctx context.Context, path string, o connectors.UploadOptions) (connectors.Upload, error) {
	call := int(s.begins.Add(1))
	if s.begin != nil {
		if err := s.begin(call, o); err != nil {
			return nil, err
		}
	}
	up, err := s.Place.Begin(ctx, path, o)
	if err != nil {
		return nil, err
	}
	if staged, ok := up.(connectors.Staged); ok && !s.unstaged {
		return stagedUpload{scripted{up, s}, staged}, nil
	}
	return scripted{up, s}, nil
}

func (s *script) Open(ctx context.Context, path string, offset, length int64) (io.ReadCloser, error) {
	r, err := s.Place.Open(ctx, path, offset, length)
	if err != nil || s.open == nil {
		return r, err
	}
	return s.open(int(s.opens.Add(1)), offset, r)
}

func (s *script) Stat(ctx context.Context, path string) (connectors.Entry, error) {
	e, err := s.Place.Stat(ctx, path)
	if s.stat == nil {
		return e, err
	}
	return s.stat(int(s.stats.Add(1)), e, err)
}

type scripted struct {
	connectors.Upload
	s *script
}

type stagedUpload struct {
	scripted
	connectors.Staged
}

// Fill is what the place inside does, unless it is scripted.
func (u scripted) Fill(ctx context.Context, other any, from connectors.Entry) error {
	if u.s.fill != nil {
		return u.s.fill(u.Upload)
	}
	if inside, ok := connectors.As[connectors.Filler](u.Upload); ok {
		return inside.Fill(ctx, other, from)
	}
	return connectors.Errorf(connectors.KindUnsupported, "copy", from.Path, "the place does not copy")
}

func (u scripted) WritePart(ctx context.Context, p connectors.Part, r io.ReadSeeker) (connectors.Part, error) {
	u.s.mu.Lock()
	if u.s.written == nil {
		u.s.written = map[int]int{}
	}
	u.s.written[p.Number]++
	u.s.mu.Unlock()
	call := int(u.s.writes.Add(1))
	next := func(r io.ReadSeeker) (connectors.Part, error) { return u.Upload.WritePart(ctx, p, r) }
	if u.s.write == nil {
		return next(r)
	}
	return u.s.write(ctx, call, p, r, next)
}

func (u scripted) Commit(ctx context.Context, w connectors.Whole) (connectors.Entry, error) {
	call := int(u.s.commits.Add(1))
	next := func() (connectors.Entry, error) { return u.Upload.Commit(ctx, w) }
	if u.s.commit == nil {
		return next()
	}
	return u.s.commit(call, next)
}

func (u scripted) Abort(ctx context.Context) error {
	u.s.aborts.Add(1)
	return u.Upload.Abort(ctx)
}

// Rest is counted.
func (u scripted) Rest() {
	u.s.rests.Add(1)
	if u.s.rest != nil {
		u.s.rest()
	}
	if inside, ok := connectors.As[connectors.Resting](u.Upload); ok {
		inside.Rest()
	}
}

// flipped has one bit of r wrong.
func flipped(r io.ReadSeeker, at int) io.ReadSeeker {
	data, _ := io.ReadAll(r)
	data[at] ^= 1
	return bytes.NewReader(data)
}

// Left and Claim are the place's.
func (s *script) Left(ctx context.Context, path string) ([]connectors.Left, error) {
	if inside, ok := connectors.As[connectors.Adopter](s.Place); ok {
		return inside.Left(ctx, path)
	}
	return nil, nil
}

func (s *script) Claim(ctx context.Context, path, id string) (string, error) {
	inside, _ := connectors.As[connectors.Adopter](s.Place)
	return inside.Claim(ctx, path, id)
}
