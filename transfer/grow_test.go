package transfer

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"gantry/connectors"
	"gantry/transfer/growing"
	watching "gantry/transfer/watch"
)

// A recorder writes a file into the source folder as a camera or a muxer does: its
// body as it comes, and its header when it ends.
type recorder struct {
	s    *stage
	f    *os.File
	data []byte // what the file will be
	at   int
}

// head is the header that is written at the end, in bytes.
const head = 100

// record begins a file of so many bytes.
func (s *stage) record(name string, size int) *recorder {
	s.t.Helper()
	f, err := os.Create(filepath.Join(s.dir, "source", name))
	must(s.t, err)
	s.t.Cleanup(func() { f.Close() })
	return &recorder{s: s, f: f, data: content(uint64(len(name)), size)}
}

// write writes the next bytes. The header is empty until the end.
func (r *recorder) write(n int) {
	r.s.t.Helper()
	data := append([]byte(nil), r.data[r.at:r.at+n]...)
	for i := range data {
		if r.at+i < head {
			data[i] = 0
		}
	}
	_, err := r.f.Write(data)
	must(r.s.t, err)
	r.at += n
}

// end writes the rest and the header, and closes the file.
func (r *recorder) end() {
	r.s.t.Helper()
	r.write(len(r.data) - r.at)
	r.mend(0, head)
	must(r.s.t, r.f.Close())
}

// mend writes a few bytes as they will be.
func (r *recorder) mend(at, n int) {
	r.s.t.Helper()
	_, err := r.f.WriteAt(r.data[at:at+n], int64(at))
	must(r.s.t, err)
}

// growing is a job that follows a file of the source folder.
func (s *stage) growing(name string, o growing.Options, to ...connectors.Sink) Job {
	j := s.job(name, to...)
	j.Source.Place = s.folder("source")
	o.Place, o.Path = j.Source.Place, name
	if o.Every == 0 {
		o.Every = 5 * time.Millisecond
	}
	if o.Idle == 0 {
		o.Idle = time.Second // of one that was closed before it was looked at
	}
	o.Writer = watching.Writer
	j.Growth = growing.Follow(o)
	return j
}

// An underway job is one that somebody waits for.
type underway struct {
	t       *testing.T
	receipt Receipt
	err     error
	done    chan struct{}
}

func (s *stage) begin(ctx context.Context, j Job) *underway {
	r := &underway{t: s.t, done: make(chan struct{})}
	go func() {
		defer close(r.done)
		r.receipt, r.err = s.engine.Run(ctx, j)
	}()
	s.t.Cleanup(func() { <-r.done })
	return r
}

func (r *underway) wait() Receipt {
	r.t.Helper()
	<-r.done
	must(r.t, r.err)
	return r.receipt
}

// until waits for something that is to happen soon.
func until(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for began := time.Now(); !ok(); time.Sleep(2 * time.Millisecond) {
		if time.Since(began) > 20*time.Second {
			t.Fatalf("waited in vain for %s", what)
		}
	}
}

func TestAFileIsSentWhileItGrows(t *testing.T) {
	t.Parallel()
	for _, verify := range []GrowthVerify{GrowthFull, GrowthEdges} {
		t.Run(string("verify "+verify), func(t *testing.T) {
			t.Parallel()
			s := newStage(t)
			r := s.record("take.mxf", 40*part+part/3)
			to := &script{Place: s.folder("a")}
			job := s.growing("take.mxf", growing.Options{}, to)
			job.GrowthVerify = verify
			run := s.begin(s.ctx, job)
			for n := range 39 {
				r.write(part)
				until(t, "a part", func() bool { return int(to.writes.Load()) >= n })
			}
			s.has("source", "take.mxf")
			if to.commits.Load() > 0 {
				t.Error("committed before the end")
			}
			r.end()
			receipt := run.wait()
			s.holds("a", "take.mxf", r.data)
			s.unmarked()
			info, err := os.Stat(filepath.Join(s.dir, "source", "take.mxf"))
			must(t, err)
			c := receipt.Copies[0]
			if !c.Entry.ModTime.Equal(info.ModTime()) || c.Proof != ProofReadback || c.Parts != 41 || receipt.Size != info.Size() {
				t.Errorf("got %+v of %+v", c, receipt)
			}
			if c.SentBytes-c.Resent != receipt.Size || c.Resent != part {
				t.Errorf("sent %d bytes, %d of them again", c.SentBytes, c.Resent)
			}
			want := sums(t, r.data, connectors.XXH128, connectors.CRC64NVME)
			if verify == GrowthEdges {
				delete(want, connectors.XXH128)
			}
			if fmt.Sprint(receipt.Digests) != fmt.Sprint(want) {
				t.Errorf("digests %v, want %v", receipt.Digests, want)
			}
			if g := receipt.Growth; g == nil || g.Rule != growing.ByWriter || g.Mended != 1 || g.Closed.IsZero() {
				t.Errorf("got %+v", g)
			}
			for _, again := range []Job{s.growing("take.mxf", growing.Options{}, to), s.job("take.mxf", to)} {
				again.GrowthVerify, again.Source.Place = verify, job.Source.Place
				if got := s.run(again); to.commits.Load() != 1 || !got.Finished.Equal(receipt.Finished) {
					t.Errorf("run again, it is copied %d times: %+v", to.commits.Load(), got)
				}
			}
		})
	}
}

// A recording that is never mended keeps the digests that were computed on the way.
func TestAStreamThatIsNotMendedNeedsNoSecondReading(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	r := s.record("live.ts", 30*part+5)
	clear(r.data[:head])
	job := s.growing("live.ts", growing.Options{}, s.folder("a"))
	job.GrowthVerify = GrowthEdges
	job.Digests = []connectors.Algorithm{connectors.MD5}
	run := s.begin(s.ctx, job)
	r.write(20 * part)
	until(t, "a part", func() bool { p := s.engine.Running(); return len(p) > 0 && p[0].Parts > 0 })
	r.end()
	receipt := run.wait()
	s.holds("a", "live.ts", r.data)
	want := sums(t, r.data, connectors.XXH128, connectors.CRC64NVME, connectors.MD5)
	if common, equal := want.Agree(receipt.Digests); common != 3 || !equal || receipt.Growth.Mended != 0 || receipt.Copies[0].Resent != 0 {
		t.Errorf("got %+v", receipt)
	}
}

// What is mended in the middle is found by reading all of it.
func TestWhatIsMendedAnywhereIsSentAgain(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	r := s.record("take.mov", 30*part)
	to := &script{Place: s.folder("a")}
	final := append([]byte(nil), r.data...)
	copy(r.data[12*part+7:], "not yet known")
	run := s.begin(s.ctx, s.growing("take.mov", growing.Options{}, to))
	r.write(25 * part)
	until(t, "20 parts", func() bool { return to.writes.Load() >= 20 })
	r.write(len(r.data) - r.at)
	r.data = final
	r.mend(12*part, 1000)
	r.end()
	if receipt := run.wait(); receipt.Growth.Mended < 2 {
		t.Errorf("got %+v", receipt.Growth)
	}
	s.holds("a", "take.mov", r.data)
}

// The ends of a recording, by each rule.
func TestARecordingEndsByItsRule(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		options growing.Options
		end     func(s *stage, r *recorder)
		rule    growing.Rule
		path    string
	}{
		"nobody has it open": {growing.Options{}, func(*stage, *recorder) {}, growing.ByWriter, "take.part"},
		"it was renamed": {growing.Options{Final: "take.mxf", Idle: time.Hour}, func(s *stage, r *recorder) {
			must(s.t, os.Rename(filepath.Join(s.dir, "source/take.part"), filepath.Join(s.dir, "source/take.mxf")))
		}, growing.ByRename, "take.mxf"},
		"its sidecar came": {growing.Options{Sidecar: "take.done"}, func(s *stage, r *recorder) {
			must(s.t, os.WriteFile(filepath.Join(s.dir, "source/take.done"), nil, 0o644))
		}, growing.BySidecar, "take.part"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStage(t)
			r := s.record("take.part", 10*part+1)
			to := &script{Place: s.folder("a")}
			run := s.begin(s.ctx, s.growing("take.part", c.options, to))
			r.write(9 * part)
			until(t, "a part", func() bool { return to.writes.Load() > 0 })
			r.end()
			c.end(s, r)
			receipt := run.wait()
			s.holds("a", "take.part", r.data)
			if receipt.Growth.Rule != c.rule || receipt.Source.Path != c.path {
				t.Errorf("got %+v of %+v", receipt.Growth, receipt.Source)
			}
		})
	}
}

func TestSomebodySaysThatItIsFinished(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	r := s.record("take.mxf", 10*part+1)
	to := &script{Place: s.folder("a")}
	job := s.growing("take.mxf", growing.Options{}, to)
	if err := s.engine.Finish(job.ID); connectors.KindOf(err) != connectors.KindNotFound {
		t.Errorf("a job that does not run: %v", err)
	}
	run := s.begin(s.ctx, job)
	r.write(8 * part)
	until(t, "a few parts", func() bool { return to.writes.Load() >= 5 })
	must(t, s.engine.Finish(job.ID))
	if receipt := run.wait(); receipt.Growth.Rule != growing.BySignal || receipt.Size != 8*part {
		t.Errorf("got %+v", receipt)
	}
	got, err := os.ReadFile(filepath.Join(s.dir, "source", "take.mxf"))
	must(t, err)
	s.holds("a", "take.mxf", got)
}

// The bad ends.
func TestARecordingThatIsNoneAnyMore(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		options growing.Options
		harm    func(t *testing.T, path string, r *recorder)
		kind    connectors.Kind
		kept    bool
	}{
		"deleted": {growing.Options{}, func(t *testing.T, path string, _ *recorder) { must(t, os.Remove(path)) }, connectors.KindNotFound, true},
		"shrunk":  {growing.Options{}, func(t *testing.T, _ string, r *recorder) { must(t, r.f.Truncate(part)) }, connectors.KindChanged, false},
		"started again": {growing.Options{}, func(t *testing.T, path string, _ *recorder) {
			must(t, os.WriteFile(path+"~", content(7, 30*part), 0o644))
			must(t, os.Rename(path+"~", path))
		}, connectors.KindChanged, false},
		"never ended": {growing.Options{Idle: time.Millisecond, Silence: 300 * time.Millisecond}, func(*testing.T, string, *recorder) {}, connectors.KindTimeout, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStage(t)
			r := s.record("take.mxf", 30*part)
			to := &script{Place: s.folder("a")}
			run := s.begin(s.ctx, s.growing("take.mxf", c.options, to))
			r.write(20 * part)
			until(t, "parts", func() bool { return to.writes.Load() >= 15 })
			c.harm(t, filepath.Join(s.dir, "source", "take.mxf"), r)
			<-run.done
			var told *connectors.Error
			if connectors.KindOf(run.err) != c.kind || !errors.As(run.err, &told) || told.Remedy == "" {
				t.Fatalf("got %v", run.err)
			}
			record, err := s.journal.Record("job-take.mxf")
			must(t, err)
			if kept := record.Job != nil; kept != c.kept {
				t.Errorf("kept for another run: %t", kept)
			}
			if !c.kept {
				s.has("a")
				return
			}
			if c.kind == connectors.KindNotFound {
				if record.Job.Until.IsZero() {
					t.Error("it is kept for ever")
				}
				return
			}
			r.end()
			again := s.growing("take.mxf", growing.Options{}, to)
			if receipt := s.run(again); receipt.Copies[0].Resumed < 15 {
				t.Errorf("resumed %d parts", receipt.Copies[0].Resumed)
			}
			s.holds("a", "take.mxf", r.data)
		})
	}
}

// A recording that is written to after it seemed finished is followed on.
func TestARecordingThatGoesOnIsFollowedOn(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	r := s.record("take.mxf", 20*part+9)
	to := &script{Place: s.folder("a")}
	job := s.growing("take.mxf", growing.Options{}, to)
	growth := job.Growth
	woken := false
	job.Growth = growthFunc(func(ctx context.Context, size int64) (growing.State, error) {
		if !woken && size > 7*part {
			woken = true // it is taken as finished too early, in the middle of a part
			r.write(5 * part)
			return growing.State{Path: "take.mxf", Size: 7*part + 11, Closed: growing.ByRest}, nil
		}
		return growth.Wait(ctx, size)
	})
	r.write(7*part + 11)
	run := s.begin(s.ctx, job)
	until(t, "the parts so far", func() bool { return to.writes.Load() >= 9 })
	r.end()
	run.wait()
	s.holds("a", "take.mxf", r.data)
}

type growthFunc func(context.Context, int64) (growing.State, error)

func (f growthFunc) Wait(ctx context.Context, size int64) (growing.State, error) { return f(ctx, size) }

func TestAGrowingFileIsGoneOnWithInAnotherRun(t *testing.T) {
	t.Parallel()
	for _, finished := range []bool{false, true} {
		t.Run(fmt.Sprintf("finished %t", finished), func(t *testing.T) {
			t.Parallel()
			s := newStage(t)
			r := s.record("take.mxf", 40*part+9)
			to := &script{Place: s.folder("a")}
			ctx, stop := context.WithCancel(s.ctx)
			run := s.begin(ctx, s.growing("take.mxf", growing.Options{}, to))
			r.write(25 * part)
			until(t, "parts", func() bool { return to.writes.Load() >= 20 })
			stop()
			<-run.done
			if connectors.KindOf(run.err) != connectors.KindCanceled {
				t.Fatalf("got %v", run.err)
			}
			s.start()
			r.write(5 * part)
			again := s.growing("take.mxf", growing.Options{}, to)
			if finished { // it may even be sent as any other file then
				r.end()
				again.Growth = nil
			} else {
				defer func() { s.holds("a", "take.mxf", r.data) }()
				go func() { time.Sleep(50 * time.Millisecond); r.end() }()
			}
			receipt := s.run(again)
			if c := receipt.Copies[0]; c.Resumed < 15 || c.SentBytes > receipt.Size-14*part {
				t.Errorf("resumed %d parts, sent %d bytes", c.Resumed, c.SentBytes)
			}
		})
	}
}

func TestOthersMayReadWhatHasArrived(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	r := s.record("take.mxf", 30*part)
	to := &script{Place: s.folder("a")}
	job := s.growing("take.mxf", growing.Options{}, s.folder("a"))
	job.Destinations[0].Reveal = "growing/take.mxf"
	job.Destinations = append(job.Destinations, Destination{Place: to, Location: "b", Path: "b"})
	run := s.begin(s.ctx, job)
	r.write(20 * part)
	seen := filepath.Join(s.dir, "a/growing/take.mxf")
	until(t, "the copy so far", func() bool { info, err := os.Stat(seen); return err == nil && info.Size() >= 15*part })
	got, err := os.ReadFile(seen)
	must(t, err)
	if string(got[head:]) != string(r.data[head:len(got)]) {
		t.Error("what can be read is not what was written")
	}
	if info, _ := os.Stat(seen); info.Mode().Perm()&0o022 != 0 {
		t.Errorf("others may change it: %v", info.Mode())
	}
	r.end()
	run.wait()
	s.has("a", "b", "take.mxf")
}

func FuzzPartitions(f *testing.F) {
	f.Add(append(slices.Clone(randomIndexKey), 0xff, 0, 0, 0, 0, 0, 0, 24))
	f.Add(append(slices.Clone(randomIndexKey), 16, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 7, 0, 0, 0, 24))
	f.Add(append(slices.Clone(randomIndexKey), 0x83, 0, 0, 16, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 7, 0, 0, 0, 24))
	f.Fuzz(func(t *testing.T, pack []byte) {
		for _, offset := range indexedPartitions(pack, 1000) {
			if offset < 0 || offset >= 1000 {
				t.Fatalf("a partition at %d of 1000", offset)
			}
		}
		openPartition(pack)
	})
}
