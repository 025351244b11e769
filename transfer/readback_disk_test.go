package transfer

import (
	"context"
	"io"
	"os"
	"testing"

	"gantry/connectors"
)

// A disk of this machine.
type diskPlace struct{ *script }

func (d diskPlace) FilePath(path string) (string, error) {
	return d.Place.(connectors.OnDisk).FilePath(path)
}

// All of a copy on a disk is read after its last part: what is wrong then is sent again,
// and nothing else.
func TestADiskIsReadBackPartByPart(t *testing.T) {
	t.Parallel()
	for name, wrong := range map[string][]int64{"none": nil, "first": {1}, "last": {12}, "some": {2, 3, 11}} {
		s := newStage(t, func(o *Options) { o.Parallel = 3 })
		data := s.file("clip", 12*part)
		to := diskPlace{&script{Place: s.folder("a")}}
		sent := 0
		to.write = func(_ context.Context, call int, _ connectors.Part, r io.ReadSeeker, next writer) (connectors.Part, error) {
			p, err := next(r)
			to.mu.Lock()
			defer to.mu.Unlock()
			if sent++; sent == 12 {
				for _, number := range wrong {
					s.turn("a", (number-1)*part+7)
				}
			}
			return p, err
		}
		c := s.run(s.job("clip", to)).Copies[0]
		s.holds("a", "clip", data)
		if got := int(to.writes.Load()); got != 12+len(wrong) || (len(c.Notes) > 0) != (len(wrong) > 0) {
			t.Errorf("%s: %d parts were sent: %+v", name, got, c)
		}
		if c.Proof != ProofReadback || c.ProofDigest != connectors.CRC64NVME {
			t.Errorf("%s: proved by %s %s", name, c.Proof, c.ProofDigest)
		}
	}
}

// A copy that is gone when it is to be read is made again.
func TestADiskThatLosesACopyGetsAnother(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	data := s.file("clip", 4*part)
	to := diskPlace{&script{Place: s.folder("a")}}
	sent := 0
	to.write = func(_ context.Context, _ int, _ connectors.Part, r io.ReadSeeker, next writer) (connectors.Part, error) {
		p, err := next(r)
		to.mu.Lock()
		defer to.mu.Unlock()
		if sent++; sent == 4 {
			s.lose("a")
		}
		return p, err
	}
	s.run(s.job("clip", to))
	s.holds("a", "clip", data)
	if to.begins.Load() != 2 {
		t.Errorf("%d uploads were begun", to.begins.Load())
	}
}

// lose removes the largest file in a folder.
func (s *stage) lose(folder string) {
	s.t.Helper()
	must(s.t, os.Remove(s.largest(folder)))
}
