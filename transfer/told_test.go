package transfer

import (
	"context"
	"io"
	"slices"
	"sync/atomic"
	"testing"

	"gantry/connectors"
)

// A shelf opens a version of a file and no other, as an object store does: it tells of
// the file's digests with all of it, and when it is asked, and in no listing.
type shelf struct {
	*script
	digests, stated connectors.Digests
	asked           atomic.Int32
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
