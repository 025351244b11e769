package transfer

import (
	"context"
	"io"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"gantry/connectors"
)

// A shelf opens a version of a file and no other, as an object store does: it tells of
// the file's digests with all of it, and when it is asked, and in no listing.
type shelf struct {
	*script
	digests, stated connectors.Digests
	asked           atomic.Int32
	silent          atomic.Bool // it gives bytes, and tells nothing
}

type tellingStream struct {
	io.ReadCloser
	entry connectors.Entry
}

func (s tellingStream) Tells() connectors.Entry { return s.entry }

func (s *shelf) described(e connectors.Entry) connectors.Entry {
	e.Version, e.Digests, e.Stated = "v1", s.digests, s.stated
	return e
}

func (s *shelf) Stat(ctx context.Context, path string) (connectors.Entry, error) {
	s.asked.Add(1)
	if s.silent.Load() {
		return connectors.Entry{}, connectors.Errorf(connectors.KindUnavailable, "stat", path, "asked too often")
	}
	e, err := s.Place.Stat(ctx, path)
	return s.described(e), err
}

func (s *shelf) OpenAs(ctx context.Context, e connectors.Entry, offset, length int64) (io.ReadCloser, error) {
	r, err := s.Open(ctx, e.Path, offset, length)
	if err != nil || offset > 0 || length < e.Size {
		return r, err
	}
	return tellingStream{r, s.described(e)}, nil
}

// What a place states of a file is compared also where the file was taken from a listing:
// at no cost where one request gives all of it, and with a look beside the reading else.
func TestWhatIsTakenFromAListingIsComparedWithItsChecksums(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		size  int
		asked int32 // for what it states, where nothing goes wrong
		by    connectors.Algorithm
		left  bool // beside the file, and not by the place
	}{
		{"a small file", part - 9, 0, connectors.CRC64NVME, false},
		{"a small file of which the place has another digest", part - 9, 0, connectors.CRC32C, false},
		{"a small file with a digest beside it", part - 9, 0, connectors.XXH64, true},
		{"a file of several parts", 5 * part, 1, connectors.CRC64NVME, false},
		{"a file of several parts of which the place has another digest", 5 * part, 1, connectors.XXH64, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			for _, flips := range []bool{false, true} {
				s := newStage(t)
				data := s.file("clip", c.size)
				from := &shelf{script: s.source, digests: sums(t, data, c.by)}
				if c.left {
					from.stated, from.digests = from.digests, nil
				}
				if flips {
					from.open = misread(int64(c.size-5), 1)
				}
				e, err := s.source.Place.Stat(s.ctx, "clip")
				must(t, err)
				e.Version = "v1"
				job := s.job("clip", s.folder("a"))
				job.Source.Place, job.Source.Seen = from, &e
				receipt := s.run(job)
				s.holds("a", "clip", data)
				wrong := slices.ContainsFunc(receipt.Source.Notes, func(string) bool { return true })
				if wrong != flips {
					t.Errorf("flipped %v: %q", flips, receipt.Source.Notes)
				}
				if !flips && from.asked.Load() != c.asked {
					t.Errorf("it was asked %d times", from.asked.Load())
				}
				if short := c.by == connectors.CRC32C || c.left; !short && receipt.Source.Vouched != c.by || short && receipt.Source.Vouched != "" {
					t.Errorf("vouched for by %q", receipt.Source.Vouched)
				}
				if !c.left && receipt.Source.Entry.Digests[c.by] != from.digests[c.by] {
					t.Errorf("the receipt has %+v", receipt.Source.Entry)
				}
			}
		})
	}
}

// A file that its place calls wrong goes nowhere, though a listing said nothing.
func TestAListedFileThatIsDamagedGoesNowhere(t *testing.T) {
	t.Parallel()
	for _, size := range []int{part - 9, 5 * part} {
		s := newStage(t)
		s.file("clip", size)
		from := &shelf{script: s.source, digests: sums(t, []byte("as it was"), connectors.CRC64NVME)}
		e, err := s.source.Place.Stat(s.ctx, "clip")
		must(t, err)
		e.Version = "v1"
		job := s.job("clip", s.folder("a"))
		job.Source.Place, job.Source.Seen = from, &e
		s.fails(job, connectors.KindIntegrity)
		s.has("a")
	}
}

// silence is a job of five parts of a place that gives bytes, and tells nothing of them.
func silence(s *stage, to connectors.Sink) (*shelf, Job) {
	s.t.Helper()
	data := s.file("clip", 5*part)
	from := &shelf{script: s.source, digests: sums(s.t, data, connectors.CRC64NVME)}
	from.silent.Store(true)
	e, err := s.source.Place.Stat(s.ctx, "clip")
	must(s.t, err)
	e.Version = "v1"
	job := s.job("clip", to)
	job.Source.Place, job.Source.Seen = from, &e
	return from, job
}

// The bytes of a place that does not answer otherwise move all the same, and what it
// tells at last is compared.
func TestBytesMoveWhileThePlaceTellsNothing(t *testing.T) {
	t.Parallel()
	s := newStage(t, func(o *Options) { o.Patience = time.Hour })
	to := &script{Place: s.folder("a")}
	from, job := silence(s, to)
	run := s.begin(s.ctx, job)
	t.Cleanup(func() { from.silent.Store(false) })
	until(t, "all parts", func() bool { return to.writes.Load() == 5 })
	from.silent.Store(false)
	if receipt := run.wait(); receipt.Source.Vouched != connectors.CRC64NVME || from.asked.Load() < 2 {
		t.Errorf("asked %d times, got %+v", from.asked.Load(), receipt.Source)
	}
}

// Nobody asks any more once the run has ended.
func TestNobodyAsksBesideARunThatHasFailed(t *testing.T) {
	t.Parallel()
	pauses := make(chan struct{})
	var begun, ended atomic.Bool
	s := newStage(t, func(o *Options) {
		o.Sleep = func(ctx context.Context, _ time.Duration) error {
			if begun.Swap(true) {
				return sleep(ctx, time.Millisecond)
			}
			close(pauses)
			<-ctx.Done()
			time.Sleep(50 * time.Millisecond) // what is not waited for is late
			ended.Store(true)
			return context.Cause(ctx)
		}
	})
	_, job := silence(s, s.folder("a"))
	s.source.open = func(_ int, _ int64, r io.ReadCloser) (io.ReadCloser, error) {
		<-pauses
		_ = r.Close()
		return nil, connectors.Errorf(connectors.KindPermission, "open", "clip", "refused")
	}
	s.fails(job, connectors.KindPermission)
	if !ended.Load() {
		t.Error("the run has ended, and its place is still asked")
	}
}
