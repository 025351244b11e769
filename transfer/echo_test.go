package transfer

import (
	"context"
	"io"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"gantry/connectors"
)

// An echoing place lets what is staged be read while more of it is written.
type echoing struct {
	*script
	once  sync.Once
	heard chan struct{} // closed when something staged is read
	read  atomic.Int64  // bytes of it
}

func newEchoing(s *script) *echoing { return &echoing{script: s, heard: make(chan struct{})} }

func (e *echoing) Traits() connectors.Traits {
	traits := e.Place.Traits()
	traits.OpenStaged, traits.OneStream, traits.Far = true, true, true
	return traits
}

func (e *echoing) Begin(ctx context.Context, path string, o connectors.UploadOptions) (connectors.Upload, error) {
	up, err := e.script.Begin(ctx, path, o)
	if err != nil {
		return nil, err
	}
	return echoed{up.(stagedUpload), e}, nil
}

type echoed struct {
	stagedUpload
	e *echoing
}

func (u echoed) OpenStaged(ctx context.Context, offset, length int64) (io.ReadCloser, error) {
	u.e.once.Do(func() { close(u.e.heard) })
	r, err := u.stagedUpload.OpenStaged(ctx, offset, length)
	return echoStream{r, &u.e.read}, err
}

type echoStream struct {
	io.ReadCloser
	read *atomic.Int64
}

func (s echoStream) Read(p []byte) (int, error) {
	n, err := s.ReadCloser.Read(p)
	s.read.Add(int64(n))
	return n, err
}

func TestWhatIsSentIsReadBackMeanwhile(t *testing.T) {
	s := newStage(t)
	data := s.file("clip", 6*part+7)
	to := newEchoing(&script{Place: s.folder("a")})
	to.write = func(ctx context.Context, _ int, p connectors.Part, r io.ReadSeeker, next writer) (connectors.Part, error) {
		if p.Number == 7 {
			select {
			case <-to.heard:
			case <-ctx.Done():
				return p, context.Cause(ctx)
			}
		}
		return next(r)
	}
	c := s.run(s.job("clip", to)).Copies[0]
	s.holds("a", "clip", data)
	again := int64(4*part + 7) // both ends, and one part between them
	if c.Proof != ProofReadback || to.read.Load() != int64(len(data))+again || to.writes.Load() != 7 || !strings.Contains(c.ProofReason, "5 of 7 once more") {
		t.Errorf("%d of %d bytes were read, %d parts sent: %+v", to.read.Load(), len(data), to.writes.Load(), c)
	}
}

func TestADamagedPartIsFoundThoughItIsReadBackEarly(t *testing.T) {
	for number := 1; number <= 4; number++ {
		s := newStage(t)
		data := s.file("clip", 3*part+7)
		to := newEchoing(&script{Place: s.folder("a")})
		to.write = spoilOnce(to.script, number)
		c := s.run(s.job("clip", to)).Copies[0]
		s.holds("a", "clip", data)
		if c.Proof != ProofReadback || to.writes.Load() != 5 || to.attempts(number) != 2 {
			t.Errorf("part %d: %d parts were sent: %+v", number, to.writes.Load(), c)
		}
	}
}

func TestOneStreamGivesAllParts(t *testing.T) {
	s := newStage(t)
	data := s.file("clip", 5*part+7)
	from := newEchoing(s.source)
	from.open = func(call int, offset int64, r io.ReadCloser) (io.ReadCloser, error) {
		if call == 1 {
			return struct {
				io.Reader
				io.Closer
			}{io.LimitReader(r, 2*part+9), r}, nil
		}
		if offset != 2*part+9 {
			t.Errorf("it goes on at %d", offset)
		}
		return r, nil
	}
	job := s.job("clip", s.folder("a"))
	job.Source.Place = from
	s.run(job)
	s.holds("a", "clip", data)
	if from.opens.Load() != 2 {
		t.Errorf("the source was opened %d times", from.opens.Load())
	}
}
