package transfer

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"gantry/connectors"
	"gantry/transfer/growing"
)

// turn turns a bit of the largest file in a folder.
func (s *stage) turn(folder string, at int64) {
	s.t.Helper()
	name := s.largest(folder)
	x := &flip{at: at, bit: 3}
	if x.turn(name); !x.turned.Load() {
		s.t.Fatalf("nothing was turned at %d of %s", at, name)
	}
}

// largest is the path of the largest file in a folder.
func (s *stage) largest(folder string) (name string) {
	s.t.Helper()
	size := int64(-1)
	must(s.t, filepath.WalkDir(filepath.Join(s.dir, folder), func(p string, e fs.DirEntry, err error) error {
		if info, failed := os.Stat(p); err == nil && failed == nil && !e.IsDir() && info.Size() > size {
			name, size = p, info.Size()
		}
		return err
	}))
	return name
}

// A bit that turns round in what was read back already is found by the reading at the
// end.
func TestWhatRotsAfterItsEarlyProofIsFound(t *testing.T) {
	t.Parallel()
	for _, sequential := range []bool{false, true} {
		s := newStage(t)
		r := s.record("take.mov", 40*part)
		to := &script{Place: s.folder("a")}
		traits := to.Traits()
		traits.Sequential = sequential
		to.traits = &traits
		run := s.begin(s.ctx, s.growing("take.mov", growing.Options{}, to))
		r.write(30 * part)
		until(t, "parts", func() bool { p := s.engine.Running(); return len(p) > 0 && p[0].Parts > 20 })
		s.turn("a", 10*part+7)
		r.end()
		c := run.wait().Copies[0]
		s.holds("a", "take.mov", r.data)
		if len(c.Notes) != 1 || !strings.Contains(c.ProofReason, "all of them when the recording had ended") {
			t.Errorf("got %+v", c)
		}
	}
}

// Where only the edges are compared, some of the copy is, and the receipt says how much.
func TestAReceiptSaysThatOnlySomeWasReadAtTheEnd(t *testing.T) {
	t.Parallel()
	for _, at := range []int64{7, 0} { // in an edge, which is read again; nowhere
		s := newStage(t)
		r := s.record("take.mov", 40*part)
		clear(r.data[:head]) // nothing is mended
		to := &script{Place: s.folder("a")}
		job := s.growing("take.mov", growing.Options{}, to)
		job.GrowthVerify = GrowthEdges
		run := s.begin(s.ctx, job)
		r.write(30 * part)
		until(t, "parts", func() bool { p := s.engine.Running(); return len(p) > 0 && p[0].Parts > 20 })
		if at > 0 {
			s.turn("a", at)
		}
		r.end()
		c := run.wait().Copies[0]
		s.holds("a", "take.mov", r.data)
		if want := "7 of the other 40 once more"; at == 0 && !strings.Contains(c.ProofReason, want) {
			t.Errorf("%q lacks %q", c.ProofReason, want)
		}
	}
}

// Next door all of a copy is read after its last part, so that what rots while the rest
// is sent is found; where the way is long, some of it is.
func TestWhatRotsWhileTheRestIsSentIsFound(t *testing.T) {
	t.Parallel()
	for _, far := range []bool{false, true} {
		s := newStage(t, func(o *Options) { o.Parallel = 1 })
		data := s.file("clip", 12*part)
		to := newEchoing(&script{Place: s.folder("a")})
		job := s.job("clip", nearby{to, far})
		at := int64(6*part + 7)
		if far {
			at = 7 // in what is read again
		}
		to.write = func(_ context.Context, call int, _ connectors.Part, r io.ReadSeeker, next writer) (connectors.Part, error) {
			if call == 12 {
				until(t, "the echo", func() bool { return !far || to.read.Load() >= 2*part })
				s.turn("a", at)
			}
			return next(r)
		}
		c := s.run(job).Copies[0]
		s.holds("a", "clip", data)
		if len(c.Notes) != 1 || to.writes.Load() != 13 {
			t.Errorf("far %v: %d parts were sent: %+v", far, to.writes.Load(), c)
		}
	}
}

// A nearby place may be far, after all.
type nearby struct {
	*echoing
	far bool
}

func (n nearby) Traits() connectors.Traits {
	t := n.echoing.Traits()
	t.Far = n.far
	return t
}

// Bytes of an attempt that failed, and that a server writes when the copy is visible,
// do not stay there.
func TestBytesThatLandLateAreFound(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	to := &script{Place: s.folder("a")}
	var once sync.Once
	var old []byte
	to.write = func(_ context.Context, _ int, p connectors.Part, r io.ReadSeeker, next writer) (connectors.Part, error) {
		lost := false
		if p.Number == 1 {
			once.Do(func() { old, _ = io.ReadAll(r); lost = true })
		}
		if lost {
			return connectors.Part{}, connectors.Errorf(connectors.KindUnavailable, "write part", p.Digests[connectors.CRC64NVME], "the connection was lost")
		}
		return next(r)
	}
	to.commit = func(call int, next func() (connectors.Entry, error)) (connectors.Entry, error) {
		e, err := next()
		if call == 1 {
			f, failed := os.OpenFile(filepath.Join(s.dir, "a", "take.mov"), os.O_RDWR, 0)
			must(t, failed)
			_, failed = f.WriteAt(old, 0)
			must(t, failed)
			must(t, f.Close())
			now, failed := to.Place.Stat(s.ctx, "take.mov")
			must(t, failed)
			return now, err
		}
		return e, err
	}
	r := s.record("take.mov", 8*part)
	run := s.begin(s.ctx, s.growing("take.mov", growing.Options{}, to))
	r.write(6 * part)
	until(t, "parts", func() bool { p := s.engine.Running(); return len(p) > 0 && p[0].Parts > 3 })
	r.end()
	c := run.wait().Copies[0]
	s.holds("a", "take.mov", r.data)
	if to.commits.Load() != 2 || !slices.Contains(c.Notes, "the committed copy was wrong and was replaced") {
		t.Errorf("%d commits: %+v", to.commits.Load(), c)
	}
}

// Both ends are looked at once more, and a tenth of what lies between, up to 32 MiB.
func TestSpots(t *testing.T) {
	t.Parallel()
	d := &delivery{r: &run{e: &Engine{o: Options{Jitter: func() float64 { return 0.999 }}}}}
	parts := func(n int, size int64) (list []connectors.Part) {
		for i := range n {
			list = append(list, connectors.Part{Number: i + 1, Size: size})
		}
		return list
	}
	for n, want := range map[int]string{0: "[]", 1: "[1]", 4: "[1 2 3 4]", 5: "[1 2 3 4 5]", 30: "[1 2 3 28 29 30]"} {
		got := []int{}
		for _, p := range d.spots(parts(n, 1)) {
			got = append(got, p.Number)
		}
		if slices.Sort(got); want != fmt.Sprint(got) {
			t.Errorf("of %d: %v, want %s", n, got, want)
		}
	}
	if got := len(d.spots(parts(5000, 5<<20))); got != 4+6 {
		t.Errorf("%d of 5000 parts of 5 MiB", got)
	}
}
