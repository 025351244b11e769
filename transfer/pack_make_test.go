package transfer

import (
	"context"
	"errors"
	"io"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"gantry/connectors"
	"gantry/connectors/wrap/throttle"
	"gantry/transfer/schedule"
)

// countedReads counts what is read of a place's files.
func countedReads(s *stage, more func(total int64)) *atomic.Int64 {
	var read atomic.Int64
	s.source.open = func(_ int, _ int64, r io.ReadCloser) (io.ReadCloser, error) {
		return &countedReader{r, func(n int) { more(read.Add(int64(n))) }}, nil
	}
	return &read
}

type countedReader struct {
	io.ReadCloser
	told func(int)
}

func (r *countedReader) Read(b []byte) (int, error) {
	n, err := r.ReadCloser.Read(b[:min(len(b), part)])
	r.told(n)
	return n, err
}

func TestPackingStopsWhileTheJobIsPaused(t *testing.T) {
	t.Parallel()
	s, l := newStage(t), newLock(t)
	data := s.file("clip", 80*part)
	job := s.packJob(l, s.folder("a"))
	paused, going := true, false
	stopped := make(chan struct{})
	read := countedReads(s, func(total int64) {
		if total == 20*part {
			must(t, s.engine.Change(job.ID, Change{Paused: &paused}))
			close(stopped)
		}
	})
	done := make(chan error, 1)
	go func() { _, err := s.engine.Run(s.ctx, job); done <- err }()
	<-stopped
	until(t, "it is shown to be paused while it packs", func() bool {
		running := s.engine.Running()
		return len(running) == 1 && running[0].Paused && running[0].Phase == PhasePack && running[0].Total == 80*part
	})
	held := read.Load()
	if held > 40*part {
		t.Errorf("%d bytes were read", held)
	}
	must(t, s.engine.Change(job.ID, Change{Paused: &going}))
	must(t, <-done)
	if again := read.Load(); again > 80*part+packStep {
		t.Errorf("%d bytes were read of %d", again, 80*part)
	}
	if got := l.open(t, filepath.Join(s.dir, "a", packedName)); string(got) != string(data) {
		t.Error("it opens to something else")
	}
}

func TestPackingKeepsToTheWindowOfItsSource(t *testing.T) {
	t.Parallel()
	lines := schedule.New(schedule.Options{})
	s, l := newStage(t, func(o *Options) { o.Scheduler = lines }), newLock(t)
	s.file("clip", 8*part)
	off, err := throttle.ParseTimetable("stop")
	must(t, err)
	on, err := throttle.ParseTimetable("off")
	must(t, err)
	lines.Limit(schedule.OfEndpoint("source"), off)
	read := countedReads(s, func(int64) {})
	done := make(chan error, 1)
	go func() { _, err := s.engine.Run(s.ctx, s.packJob(l, s.folder("a"))); done <- err }()
	until(t, "it waits for its window", func() bool {
		running := s.engine.Running()
		return len(running) == 1 && running[0].Held == HeldBandwidth
	})
	if read.Load() > 0 {
		t.Errorf("%d bytes were read", read.Load())
	}
	lines.Limit(schedule.OfEndpoint("source"), on)
	must(t, <-done)
}

func TestPackingGoesOnWhereTheSourceBroke(t *testing.T) {
	t.Parallel()
	s, l := newStage(t), newLock(t)
	data := s.file("clip", 80*part)
	broken := 0
	s.source.open = func(_ int, _ int64, r io.ReadCloser) (io.ReadCloser, error) {
		left := 24 * part
		return &breaking{r, &left, &broken}, nil
	}
	s.run(s.packJob(l, s.folder("a")))
	if broken < 3 || broken > 6 {
		t.Errorf("the source broke %d times", broken)
	}
	if got := l.open(t, filepath.Join(s.dir, "a", packedName)); string(got) != string(data) {
		t.Error("it opens to something else")
	}
}

// breaking is a stream whose connection is lost after a while.
type breaking struct {
	io.ReadCloser
	left, broken *int
}

func (r *breaking) Read(b []byte) (int, error) {
	if *r.left == 0 {
		*r.broken++
		return 0, connectors.Errorf(connectors.KindUnavailable, "read", "clip", "the connection was lost")
	}
	n, err := r.ReadCloser.Read(b[:min(len(b), *r.left)])
	*r.left -= n
	return n, err
}

// swelling makes a file without end of any other.
type swelling struct{ err error }

func (*swelling) Recipe() string { return "swell" }

func (p *swelling) Apply(dst io.Writer, _ io.Reader) error {
	for {
		if _, p.err = dst.Write(make([]byte, 1<<20)); p.err != nil {
			return p.err
		}
	}
}

func TestWhatIsUnpackedIsBounded(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		most, free int64
		kind       connectors.Kind
	}{
		"a bomb":      {20 << 20, 1 << 40, connectors.KindInvalid},
		"a full disk": {1 << 40, spare + 20<<20, connectors.KindNoSpace},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStage(t, func(o *Options) { o.Patience = time.Millisecond })
			s.file("clip", part)
			job, written := s.job("clip", s.folder("a")), int64(0)
			job.Pack = &swelling{}
			s.engine.room.most = func(int64) int64 { return c.most }
			s.engine.room.free = func(string) (int64, bool) { written += 2 << 20; return c.free - written, true }
			s.fails(job, c.kind)
			s.has("a")
			if left, _ := filepath.Glob(filepath.Join(s.dir, "scratch", "*", "packed*")); len(left) > 0 {
				t.Errorf("left behind: %v", left)
			}
		})
	}
}

func TestAPackedSourceThatIsNotWhatItsPlaceStates(t *testing.T) {
	t.Parallel()
	s, l := newStage(t), newLock(t)
	data := s.file("clip", 3*part)
	s.source.stat = func(_ int, e connectors.Entry, err error) (connectors.Entry, error) {
		e.Stated = sums(t, data[:part], connectors.MD5)
		return e, err
	}
	job := s.packJob(l, s.folder("a"))
	job.Digests = []connectors.Algorithm{connectors.MD5}
	_, err := s.engine.Run(context.Background(), job)
	if !errors.Is(err, errDamaged) {
		t.Errorf("got %v", err)
	}
	s.has("a")
}

// A digest that was expected and not computed is no proof of anything.
func TestAPackedFileIsExpectedByEveryDigestNamed(t *testing.T) {
	t.Parallel()
	m := &packing{Packed: Packed{Digests: connectors.Digests{connectors.XXH128: "0a", connectors.MD5: "0b"}}}
	for name, c := range map[string]struct {
		expect connectors.Digests
		fails  bool
	}{
		"all equal":        {connectors.Digests{connectors.XXH128: "0a", connectors.MD5: "0b"}, false},
		"one differs":      {connectors.Digests{connectors.XXH128: "0a", connectors.MD5: "0c"}, true},
		"one is not known": {connectors.Digests{connectors.XXH128: "0a", connectors.SHA1: "0d"}, true},
		"none is known":    {connectors.Digests{connectors.SHA1: "0d"}, true},
		"none is expected": {nil, false},
	} {
		err := (&packer{job: Job{Expect: c.expect}}).expected(m)
		if (err != nil) != c.fails || c.fails && !errors.Is(err, errUnexpected) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
