package transfer

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
	"time"

	"gantry/connectors"
	"gantry/transfer/growing"
)

// What a receipt says is true also where it would be easy to believe something.

// An older file of the same size is not taken for the copy because its upload is gone.
func TestAFileOfTheRightSizeIsNotTakenForTheCopy(t *testing.T) {
	t.Parallel()
	for _, blind := range []bool{false, true} {
		s := newStage(t, func(o *Options) { o.Parallel = 1 })
		old := content(5, 11*part+5)
		must(t, os.MkdirAll(filepath.Join(s.dir, "a"), 0o755))
		must(t, os.WriteFile(filepath.Join(s.dir, "a", "clip"), old, 0o644))
		data, to, job := interrupted(t, s, func(j *Job) {
			j.Verify = VerifySize
			if blind {
				j.Destinations[0].Place = sinkOnly{j.Destinations[0].Place}
			}
		})
		must(t, os.RemoveAll(filepath.Join(s.dir, "a", ".gantry-uploads")))
		s.start(func(o *Options) { o.Parallel = 1 })
		receipt := s.run(job)
		got, err := os.ReadFile(filepath.Join(s.dir, "a", "clip"))
		must(t, err)
		if !bytes.Equal(got, data) || to.writes.Load() != 12 || receipt.Copies[0].Proof != ProofSize {
			t.Errorf("blind %v: %d parts were sent, the copy is right: %v; %+v", blind, to.writes.Load(), bytes.Equal(got, data), receipt.Copies)
		}
	}
}

// A sinkOnly place cannot be read.
type sinkOnly struct{ connectors.Sink }

func (s sinkOnly) Traits() connectors.Traits { return s.Sink.(*script).Traits() }

// The answer to a commit that is lost leaves a file that is known by its size and its
// time, where no more can be known.
func TestACommitWhoseAnswerWasLostIsKnownByItsTime(t *testing.T) {
	t.Parallel()
	for _, foreign := range []bool{false, true} {
		s := newStage(t)
		data := s.file("clip", 3*part+5)
		to := &script{Place: s.folder("a")}
		to.commit = func(call int, next func() (connectors.Entry, error)) (connectors.Entry, error) {
			if call == 1 {
				_, err := next()
				must(t, err)
				if foreign {
					must(t, os.Chtimes(filepath.Join(s.dir, "a", "clip"), time.Time{}, time.Unix(1e9, 0)))
				}
				return connectors.Entry{}, connectors.Errorf(connectors.KindUnavailable, "commit", "clip", "the connection was lost")
			}
			return connectors.Entry{}, connectors.Errorf(connectors.KindNotFound, "commit", "clip", "there is no such upload")
		}
		job := s.job("clip", sinkOnly{to})
		job.Verify = VerifySize
		if foreign {
			_, err := s.engine.Run(s.ctx, job)
			if err == nil {
				t.Error("a file of another time was taken for the copy")
			}
			continue
		}
		if c := s.run(job).Copies[0]; c.Proof != ProofSize || to.writes.Load() != 4 {
			t.Errorf("%d parts were sent: %+v", to.writes.Load(), c)
		}
		s.holds("a", "clip", data)
	}
}

// Digests that are asked for by name are computed, and what is expected is compared,
// also where only the edges of a recording are read again.
func TestEdgesGiveWhatIsAskedForByName(t *testing.T) {
	t.Parallel()
	record := func(t *testing.T, change func(r *recorder, j *Job)) (*stage, *recorder, *underway) {
		t.Parallel()
		s := newStage(t)
		r := s.record("take.mov", 20*part)
		job := s.growing("take.mov", growing.Options{}, s.folder("a"))
		job.GrowthVerify = GrowthEdges
		change(r, &job)
		run := s.begin(s.ctx, job)
		r.write(15 * part)
		until(t, "a part", func() bool { p := s.engine.Running(); return len(p) > 0 && p[0].Parts > 0 })
		r.end()
		return s, r, run
	}
	t.Run("digests", func(t *testing.T) {
		s, r, run := record(t, func(_ *recorder, j *Job) { j.Digests = []connectors.Algorithm{connectors.MD5} })
		receipt := run.wait()
		s.holds("a", "take.mov", r.data)
		want := sums(t, r.data, connectors.XXH128, connectors.CRC64NVME, connectors.MD5)
		if common, equal := want.Agree(receipt.Digests); common != 3 || !equal || receipt.Growth.Verify != "full" {
			t.Errorf("got %v, %+v", receipt.Digests, receipt.Growth)
		}
	})
	t.Run("expected", func(t *testing.T) {
		_, _, run := record(t, func(r *recorder, j *Job) { j.Expect = sums(t, r.data, connectors.SHA256) })
		run.wait()
	})
	t.Run("unexpected", func(t *testing.T) {
		_, _, run := record(t, func(_ *recorder, j *Job) { j.Expect = sums(t, []byte("another"), connectors.SHA256) })
		if <-run.done; connectors.KindOf(run.err) != connectors.KindIntegrity {
			t.Errorf("got %v", run.err)
		}
	})
}

// A digest that we did not compute proves nothing, whatever the place says of it.
func TestAProofNamesADigestThatBothHave(t *testing.T) {
	t.Parallel()
	r := &run{}
	r.pass.whole.Digests = connectors.Digests{connectors.CRC64NVME: "0123"}
	d := &delivery{r: r, way: ProofPlan{Proof: ProofNative, Digest: connectors.SHA256}}
	theirs := connectors.Digests{connectors.SHA256: "4567", connectors.CRC64NVME: "0123"}
	if e := d.natively(theirs, "as planned"); e.digest != connectors.CRC64NVME {
		t.Errorf("proved by %s", e.digest)
	}
}

// What was given out of the parts that were seen stays as it was, and is copied once.
func TestPartsThatWereSeenAreCopiedOncePerLook(t *testing.T) {
	var s seen
	for n := range 1000 {
		s.add(connectors.Part{Number: n + 1})
	}
	before, _ := s.get()
	copies := testing.AllocsPerRun(1, func() {
		for n := range 1000 {
			s.put(connectors.Part{Number: n + 1, Size: 7})
		}
	})
	after, _ := s.get()
	if before[5].Size != 0 || after[5].Size != 7 || copies > 2 {
		t.Errorf("before %v, after %v, %.0f copies", before[5], after[5], copies)
	}
}
