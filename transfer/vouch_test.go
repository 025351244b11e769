package transfer

import (
	"bytes"
	"context"
	"io"
	"strings"
	"sync"
	"testing"

	"gantry/connectors"
)

// misread flips a bit of what is read at an offset, the first times that it is read.
func misread(at int64, times int) func(int, int64, io.ReadCloser) (io.ReadCloser, error) {
	var mu sync.Mutex
	return func(_ int, offset int64, r io.ReadCloser) (io.ReadCloser, error) {
		mu.Lock()
		defer mu.Unlock()
		data, err := io.ReadAll(r)
		if err != nil {
			return r, err
		}
		if i := at - offset; i >= 0 && i < int64(len(data)) && times > 0 {
			times--
			data[i] ^= 4
		}
		return io.NopCloser(bytes.NewReader(data)), r.Close()
	}
}

func TestABitThatIsReadWrongIsFoundByWhatIsKnownOfTheSource(t *testing.T) {
	t.Parallel()
	for name, know := range map[string]func(s *stage, data []byte, j *Job){
		"its place states a digest": func(s *stage, data []byte, j *Job) {
			s.source.stat = func(_ int, e connectors.Entry, err error) (connectors.Entry, error) {
				e.Digests = sums(s.t, data, connectors.CRC64NVME)
				return e, err
			}
		},
		"somebody left one beside it": func(s *stage, data []byte, j *Job) {
			s.source.stat = func(_ int, e connectors.Entry, err error) (connectors.Entry, error) {
				e.Stated = sums(s.t, data, connectors.XXH64)
				return e, err
			}
		},
		"the job expects one": func(s *stage, data []byte, j *Job) { j.Expect = sums(s.t, data, connectors.SHA1) },
	} {
		t.Run(name, func(t *testing.T) {
			s := newStage(t)
			data := s.file("clip", 5*part+9)
			to := &script{Place: s.folder("a")}
			job := s.job("clip", to)
			know(s, data, &job)
			s.source.open = misread(2*part+100, 1)
			receipt := s.run(job)
			s.holds("a", "clip", data)
			if common, equal := receipt.Digests.Agree(sums(t, data, connectors.XXH128, connectors.CRC64NVME)); common != 2 || !equal {
				t.Errorf("digests %v", receipt.Digests)
			}
			if to.attempts(3) != 2 || to.writes.Load() != 7 {
				t.Errorf("part 3 was sent %d times, %d parts in all", to.attempts(3), to.writes.Load())
			}
			if want := "parts were read wrong and read again: 3"; len(receipt.Source.Notes) != 1 || receipt.Source.Notes[0] != want {
				t.Errorf("notes %q", receipt.Source.Notes)
			}
			if (receipt.Source.Vouched == connectors.CRC64NVME) != (name == "its place states a digest") {
				t.Errorf("vouched by %q", receipt.Source.Vouched)
			}
		})
	}
}

func TestASourceThatIsDamagedIsNotDelivered(t *testing.T) {
	s := newStage(t)
	data := s.file("clip", 3*part)
	s.source.stat = func(_ int, e connectors.Entry, err error) (connectors.Entry, error) {
		e.Digests = sums(t, data[1:], connectors.CRC64NVME)
		return e, err
	}
	_, err := s.fails(s.job("clip", s.folder("a")), connectors.KindIntegrity)
	if !strings.Contains(err.Error(), "twice") {
		t.Errorf("got %v", err)
	}
	s.has("a")
	s.unmarked()

	// A probe may have found that the place's digests are wrong.
	job := s.job("clip", s.folder("a"))
	job.Source.Profile = &connectors.Profile{Quirks: []connectors.Quirk{{Name: "wrong-digest", Meaning: "they are wrong"}}}
	if got := s.run(job); got.Source.Vouched != "" {
		t.Errorf("vouched by %s", got.Source.Vouched)
	}
	s.holds("a", "clip", data)
}

// A part that changes in memory after it was hashed is read again, where the place
// checks what arrives.
func TestAPartThatChangesInMemoryIsReadAgain(t *testing.T) {
	s := newStage(t)
	data := s.file("clip", part) // one part: nobody else reads it when it is sent
	traits := s.folder("a").Traits()
	traits.PartDigest = connectors.CRC64NVME
	to := &script{Place: s.folder("a"), traits: &traits}
	to.write = func(_ context.Context, _ int, p connectors.Part, r io.ReadSeeker, next writer) (connectors.Part, error) {
		if lent, ok := r.(*body); ok && to.attempts(1) == 1 {
			lent.mu.Lock()
			lent.data[77] ^= 1
			lent.mu.Unlock()
		}
		got, err := io.ReadAll(r)
		if err != nil {
			return p, err
		}
		if _, equal := sums(t, got, connectors.CRC64NVME).Agree(p.Digests); !equal {
			return p, connectors.Errorf(connectors.KindIntegrity, "write part", "clip", "part %d has another digest", p.Number)
		}
		return next(bytes.NewReader(got))
	}
	c := s.run(s.job("clip", to)).Copies[0]
	s.holds("a", "clip", data)
	if to.attempts(1) != 2 || len(c.Notes) == 0 {
		t.Errorf("it was sent %d times; %+v", to.attempts(1), c)
	}
}
