package transfer

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"gantry/connectors"
)

func TestCopiesOfAnySizeArriveProved(t *testing.T) {
	for _, size := range []int{0, 1, part - 1, part, part + 1, 7*part + 13} {
		t.Run(fmt.Sprint(size), func(t *testing.T) {
			s := newStage(t)
			data := s.file("day1/clip.mxf", size)
			modified := time.Date(2020, 1, 2, 3, 4, 5, 0, time.UTC)
			must(t, os.Chtimes(filepath.Join(s.dir, "source/day1/clip.mxf"), modified, modified))
			job := s.job("day1/clip.mxf", s.folder("a"))
			job.Digests = []connectors.Algorithm{connectors.SHA256, connectors.MD5}
			receipt := s.run(job)

			s.holds("a", "day1/clip.mxf", data)
			s.unmarked()
			want := sums(t, data, connectors.XXH128, connectors.CRC64NVME, connectors.SHA256, connectors.MD5)
			if common, equal := want.Agree(receipt.Digests); common != 4 || !equal {
				t.Errorf("got digests %v, want %v", receipt.Digests, want)
			}
			c := receipt.Copies[0]
			if c.Proof != ProofReadback || c.SentBytes != int64(size) || c.Parts != (size+part-1)/part || !c.Entry.ModTime.Equal(modified) {
				t.Errorf("got copy %+v", c)
			}
			if receipt.Size != int64(size) || receipt.Job != job.ID || receipt.Source.Location != "source" || receipt.Finished.Before(receipt.Started) {
				t.Errorf("got receipt %+v", receipt)
			}
		})
	}
}

func TestReceiptsAreWrittenInCamelCase(t *testing.T) {
	s := newStage(t)
	s.file("a", 10)
	data, err := json.Marshal(s.run(s.job("a", s.folder("a"))))
	must(t, err)
	for _, field := range []string{`"job"`, `"source"`, `"location"`, `"sentBytes"`, `"resumed"`, `"modTime"`, `"proof":"readback"`} {
		if !strings.Contains(string(data), field) {
			t.Errorf("%s is not in %s", field, data)
		}
	}
}

func TestTheSourceIsReadOnceForAllDestinations(t *testing.T) {
	s := newStage(t)
	data := s.file("clip", 5*part+1)
	read := 0
	var mu sync.Mutex
	s.source.open = func(_ int, _ int64, r io.ReadCloser) (io.ReadCloser, error) {
		mu.Lock()
		defer mu.Unlock()
		read++
		return r, nil
	}
	receipt := s.run(s.job("clip", s.folder("a"), s.folder("b"), s.folder("c")))
	for _, folder := range []string{"a", "b", "c"} {
		s.holds(folder, "clip", data)
	}
	if read != 6 || len(receipt.Copies) != 3 {
		t.Errorf("the source was opened %d times for 6 parts; copies: %+v", read, receipt.Copies)
	}
}

func TestADoneJobReturnsItsReceipt(t *testing.T) {
	s := newStage(t)
	data := s.file("clip", 3*part)
	to := &script{Place: s.folder("a")}
	first := s.run(s.job("clip", to))
	s.start()
	second := s.run(s.job("clip", to))
	if to.begins.Load() != 1 || !second.Finished.Equal(first.Finished) {
		t.Errorf("it began %d times; receipts %v, %v", to.begins.Load(), first.Finished, second.Finished)
	}
	// The source may be gone by then.
	must(t, os.Remove(filepath.Join(s.dir, "source", "clip")))
	s.run(s.job("clip", to))
	// But not the copy.
	s.put("clip", data)
	must(t, os.Remove(filepath.Join(s.dir, "a", "clip")))
	s.run(s.job("clip", to))
	s.holds("a", "clip", data)
	if to.begins.Load() != 2 {
		t.Errorf("it began %d times", to.begins.Load())
	}
}

func TestTheReceiptOfAVersionOutlivesTheSource(t *testing.T) {
	s := newStage(t)
	data := s.file("clip", part)
	job := s.job("clip", s.folder("a"))
	entry, err := s.source.Stat(s.ctx, "clip")
	must(t, err)
	job.Source.Version = &entry
	s.run(job)
	s.put("clip", []byte("another take"))
	s.run(job)
	s.holds("a", "clip", data)
}

func TestAnotherVersionOfTheSourceStartsOver(t *testing.T) {
	s := newStage(t)
	s.file("clip", 3*part)
	s.run(s.job("clip", s.folder("a")))
	data := content(99, 2*part)
	s.put("clip", data)
	s.run(s.job("clip", s.folder("a")))
	s.holds("a", "clip", data)
}

func TestAnUploadOfAnotherVersionIsAborted(t *testing.T) {
	s := newStage(t)
	s.file("clip", 6*part)
	to := &script{Place: s.folder("a")}
	to.write = failFrom(3, connectors.KindPermission)
	s.fails(s.job("clip", to), connectors.KindPermission)
	data := content(99, 2*part)
	s.put("clip", data)
	to.write = nil
	s.run(s.job("clip", to))
	s.holds("a", "clip", data)
	if to.aborts.Load() == 0 {
		t.Error("the old upload was not aborted")
	}
}

// failFrom fails all writes from one call on.
func failFrom(first int, kind connectors.Kind) func(context.Context, int, connectors.Part, io.ReadSeeker, writer) (connectors.Part, error) {
	return func(_ context.Context, call int, _ connectors.Part, r io.ReadSeeker, next writer) (connectors.Part, error) {
		if call >= first {
			return connectors.Part{}, connectors.Errorf(kind, "write part", "clip", "as scripted")
		}
		return next(r)
	}
}

func TestWrongJobsAreRefused(t *testing.T) {
	s := newStage(t)
	s.file("clip", 10)
	a := s.folder("a")
	for name, change := range map[string]func(*Job){
		"no ID":               func(j *Job) { j.ID = "" },
		"no source":           func(j *Job) { j.Source.Place = nil },
		"no destination":      func(j *Job) { j.Destinations = nil },
		"no place":            func(j *Job) { j.Destinations[0].Place = nil },
		"the source's name":   func(j *Job) { j.Destinations[0].Location = "source" },
		"the source's place":  func(j *Job) { j.Destinations[0].Place = s.source },
		"one twice":           func(j *Job) { j.Destinations = append(j.Destinations, j.Destinations[0]) },
		"an unknown digest":   func(j *Job) { j.Digests = []connectors.Algorithm{"rot13"} },
		"an unknown proof":    func(j *Job) { j.Verify = "faith" },
		"an unknown expected": func(j *Job) { j.Expect = connectors.Digests{"rot13": "00"} },
	} {
		t.Run(name, func(t *testing.T) {
			job := s.job("clip", a)
			change(&job)
			_, err := s.engine.Run(s.ctx, job)
			if kind := connectors.KindOf(err); kind != connectors.KindInvalid && kind != connectors.KindUnsupported {
				t.Fatalf("got %v", err)
			}
		})
	}
	if _, err := New(Options{}).Run(s.ctx, s.job("clip", a)); connectors.KindOf(err) != connectors.KindInvalid {
		t.Fatalf("without a journal: %v", err)
	}
}

func TestTheSourceMustBeWhatWasExpected(t *testing.T) {
	s := newStage(t)
	data := s.file("clip", 3*part)
	job := s.job("clip", s.folder("a"))
	job.Expect = connectors.Digests{connectors.SHA1: strings.Repeat("0", 40)}
	s.fails(job, connectors.KindIntegrity)
	s.has("a")
	s.unmarked()

	job.Expect = sums(t, data, connectors.SHA1)
	receipt := s.run(job)
	if receipt.Digests[connectors.SHA1] != job.Expect[connectors.SHA1] {
		t.Errorf("got %v", receipt.Digests)
	}

	other := s.job("clip", s.folder("b"))
	other.ID, other.Source.Version = "other", &connectors.Entry{Path: "clip", Size: 3 * part}
	s.fails(other, connectors.KindChanged)
	s.has("b")
}

func TestOneFailingDestinationDoesNotStopTheOthers(t *testing.T) {
	s := newStage(t)
	data := s.file("clip", 6*part)
	bad := &script{Place: s.folder("bad"), write: failFrom(3, connectors.KindPermission)}
	good := &script{Place: s.folder("good")}
	job := s.job("clip", bad, good)
	receipt, err := s.fails(job, connectors.KindPermission)
	var failure *DestinationError
	if !errors.As(err, &failure) || failure.Location != "to0" || failure.Path != "clip" {
		t.Errorf("got %v", err)
	}
	if len(receipt.Copies) != 1 || receipt.Copies[0].Location != "to1" {
		t.Errorf("got copies %+v", receipt.Copies)
	}
	s.holds("good", "clip", data)

	bad.write = nil
	s.start()
	receipt = s.run(job)
	s.holds("bad", "clip", data)
	if len(receipt.Copies) != 2 || good.begins.Load() != 1 {
		t.Errorf("good began %d times; copies %+v", good.begins.Load(), receipt.Copies)
	}
	for _, c := range receipt.Copies {
		if c.Location == "to0" && c.Resumed < 1 {
			t.Errorf("nothing was taken over: %+v", c)
		}
	}
	s.unmarked()
}

func TestADestinationInTroubleCatchesUpAlone(t *testing.T) {
	t.Parallel()
	s := newStage(t, func(o *Options) { o.Patience = 20 * time.Second })
	data := s.file("clip", 20*part)
	passed := make(chan struct{})
	good := &script{Place: s.folder("good"), commit: func(_ int, next func() (connectors.Entry, error)) (connectors.Entry, error) {
		defer close(passed)
		return next()
	}}
	slow := &script{Place: s.folder("slow")}
	slow.write = func(_ context.Context, _ int, _ connectors.Part, r io.ReadSeeker, next writer) (connectors.Part, error) {
		select {
		case <-passed:
			return next(r)
		default:
			return connectors.Part{}, connectors.Errorf(connectors.KindUnavailable, "write part", "clip", "until the other one is done")
		}
	}
	s.run(s.job("clip", slow, good))
	s.holds("good", "clip", data)
	s.holds("slow", "clip", data)
}

func TestResumeSendsOnlyWhatWasNotAccepted(t *testing.T) {
	s := newStage(t)
	data := s.file("clip", 9*part+5)
	to := &script{Place: s.folder("a"), write: failFrom(6, connectors.KindPermission)}
	s.fails(s.job("clip", to), connectors.KindPermission)
	to.write = nil
	to.writes.Store(0)
	s.start()
	receipt := s.run(s.job("clip", to))
	s.holds("a", "clip", data)
	if c := receipt.Copies[0]; c.Resumed != 5 || to.writes.Load() != 5 || c.SentBytes != 4*part+5 {
		t.Errorf("%d writes, copy %+v", to.writes.Load(), c)
	}
}

func TestASourceThatChangedUnnoticedIsSentAsItIsNow(t *testing.T) {
	s := newStage(t)
	data := s.file("clip", 4*part)
	entry, err := s.source.Stat(s.ctx, "clip")
	must(t, err)
	s.source.stat = func(int, connectors.Entry, error) (connectors.Entry, error) { return entry, nil }
	to := &script{Place: s.folder("a"), write: failFrom(3, connectors.KindPermission)}
	s.fails(s.job("clip", to), connectors.KindPermission)
	data[0] ^= 1
	s.put("clip", data)
	to.write = nil
	s.run(s.job("clip", to))
	s.holds("a", "clip", data)
}

func TestAnUploadThatIsGoneIsBegunAgain(t *testing.T) {
	s := newStage(t)
	data := s.file("clip", 6*part)
	to := &script{Place: s.folder("a"), write: failFrom(4, connectors.KindPermission)}
	s.fails(s.job("clip", to), connectors.KindPermission)
	must(t, os.RemoveAll(filepath.Join(s.dir, "a", ".gantry-uploads")))
	to.write = nil
	if c := s.run(s.job("clip", to)).Copies[0]; c.Resumed != 0 || c.SentBytes != int64(len(data)) {
		t.Errorf("got %+v", c)
	}
	s.holds("a", "clip", data)
}

func TestAnUploadThatVanishesOnTheWayIsBegunAgain(t *testing.T) {
	s := newStage(t)
	data := s.file("clip", 6*part)
	to := &script{Place: s.folder("a")}
	to.write = func(_ context.Context, call int, _ connectors.Part, r io.ReadSeeker, next writer) (connectors.Part, error) {
		if call == 4 {
			must(t, os.RemoveAll(filepath.Join(s.dir, "a", ".gantry-uploads")))
		}
		return next(r)
	}
	s.run(s.job("clip", to))
	s.holds("a", "clip", data)
}

func TestExclusiveNeverReplaces(t *testing.T) {
	for _, size := range []int{10, 3 * part} {
		s := newStage(t)
		s.file("clip", size)
		must(t, os.MkdirAll(filepath.Join(s.dir, "a"), 0o755))
		must(t, os.WriteFile(filepath.Join(s.dir, "a", "clip"), []byte("theirs"), 0o644))
		job := s.job("clip", s.folder("a"))
		job.Destinations[0].Exclusive = true
		s.fails(job, connectors.KindExists)
		got, err := os.ReadFile(filepath.Join(s.dir, "a", "clip"))
		if err != nil || string(got) != "theirs" {
			t.Fatalf("got %q, %v", got, err)
		}
	}
}

func TestAnExclusiveCopyThatIsThereAlreadyIsTakenForOurs(t *testing.T) {
	for _, verify := range []Verify{VerifyStrongest, VerifySize} {
		for _, size := range []int{0, 10, 3 * part} {
			t.Run(fmt.Sprint(size, verify), func(t *testing.T) {
				s := newStage(t)
				data := s.file("clip", size)
				to := &script{Place: s.folder("a")}
				job := s.job("clip", to)
				job.Verify = verify
				job.Destinations[0].Exclusive = true
				s.run(job)
				before, err := to.Stat(s.ctx, "clip")
				must(t, err)

				job.ID = "a run that knows nothing of the first"
				receipt := s.run(job)
				s.holds("a", "clip", data)
				after, err := to.Stat(s.ctx, "clip")
				must(t, err)
				if !after.SameVersion(before) || receipt.Copies[0].Proof != ProofReadback {
					t.Errorf("%+v became %+v, %+v", before, after, receipt.Copies[0])
				}
				if sent := receipt.Copies[0].SentBytes; size > part && sent != 0 {
					t.Errorf("%d bytes were sent of what is there", sent)
				}
			})
		}
	}
}

func TestAnExclusiveCopyOfTheSameSizeIsNotTakenForOurs(t *testing.T) {
	for _, verify := range []Verify{VerifyStrongest, VerifySize} {
		for _, size := range []int{10, 3 * part} {
			t.Run(fmt.Sprint(size, verify), func(t *testing.T) {
				s := newStage(t)
				s.file("clip", size)
				theirs := content(99, size)
				to := &script{Place: s.folder("a")}
				must(t, os.WriteFile(filepath.Join(s.dir, "a", "clip"), theirs, 0o644))
				job := s.job("clip", to)
				job.Verify = verify
				job.Destinations[0].Exclusive = true
				s.fails(job, connectors.KindExists)
				s.holds("a", "clip", theirs)
				if to.begins.Load() != to.aborts.Load() {
					t.Errorf("%d uploads, %d of them aborted", to.begins.Load(), to.aborts.Load())
				}
				must(t, os.Remove(filepath.Join(s.dir, "a", "clip")))
				s.run(job)
			})
		}
	}
}

// A place may want a digest of the whole that nobody can compute.
func TestAReadingThatCannotBeginEndsTheRun(t *testing.T) {
	s := newStage(t)
	s.file("clip", 3*part)
	to := &script{Place: s.folder("a")}
	traits := to.Place.Traits()
	traits.WholeDigest = "rot13"
	to.traits = &traits
	s.fails(s.job("clip", to), connectors.KindUnsupported)
}

func TestAbandonAbortsAndForgets(t *testing.T) {
	s := newStage(t)
	s.file("clip", 6*part)
	to := &script{Place: s.folder("a"), write: failFrom(4, connectors.KindPermission)}
	job := s.job("clip", to)
	s.fails(job, connectors.KindPermission)
	must(t, s.engine.Abandon(s.ctx, job.ID, job.Destinations))
	must(t, s.engine.Abandon(s.ctx, job.ID, job.Destinations))
	s.has("a")
	s.unmarked()
}

func TestWhatCannotBeAbortedNowIsAbortedLater(t *testing.T) {
	s := newStage(t)
	s.file("clip", 6*part)
	to := &script{Place: s.folder("a"), write: failFrom(4, connectors.KindPermission)}
	job := s.job("clip", to)
	s.fails(job, connectors.KindPermission)
	left := stagedName(t, s)
	must(t, s.engine.Abandon(s.ctx, job.ID, nil))
	s.has("a", left)
	s.start()
	closed := func(string) (connectors.Sink, error) { return nil, errors.New("it is closed") }
	if err := s.engine.Tidy(s.ctx, closed); err == nil {
		t.Fatal("a place that does not open is no error")
	}
	must(t, s.engine.Tidy(s.ctx, func(location string) (connectors.Sink, error) {
		if location != "to0" {
			t.Errorf("asked for %q", location)
		}
		return to, nil
	}))
	s.has("a")
	must(t, s.engine.Tidy(s.ctx, closed))
}

func TestCancelEndsSoonAndGoesOnLater(t *testing.T) {
	t.Parallel()
	for name, deaf := range map[string]bool{"a place that listens": false, "a place that does not": true} {
		t.Run(name, func(t *testing.T) {
			s := newStage(t)
			data := s.file("clip", 9*part)
			ctx, cancel := context.WithCancel(t.Context())
			release := make(chan struct{})
			defer close(release)
			to := &script{Place: s.folder("a")}
			to.write = func(ctx context.Context, call int, _ connectors.Part, r io.ReadSeeker, next writer) (connectors.Part, error) {
				if call < 4 {
					return next(r)
				}
				cancel()
				if deaf {
					<-release
				}
				<-ctx.Done()
				return connectors.Part{}, ctx.Err()
			}
			begun := time.Now()
			_, err := s.engine.Run(ctx, s.job("clip", to))
			if connectors.KindOf(err) != connectors.KindCanceled || !errors.Is(err, context.Canceled) {
				t.Fatalf("got %v", err)
			}
			if took := time.Since(begun); took > 10*time.Second {
				t.Errorf("it took %s to end", took)
			}
			s.has("a", stagedName(t, s))
			to = &script{Place: to.Place}
			if c := s.run(s.job("clip", to)).Copies[0]; c.Resumed < 1 {
				t.Errorf("nothing was taken over: %+v", c)
			}
			s.holds("a", "clip", data)
		})
	}
}

func stagedName(t *testing.T, s *stage) string {
	t.Helper()
	for job, err := range s.journal.Jobs() {
		must(t, err)
		for u, err := range s.journal.Uploads(job.ID) {
			must(t, err)
			return ".gantry-uploads/" + u.ID
		}
	}
	t.Fatal("the journal has no upload")
	return ""
}

func TestProgressRisesToTheEnd(t *testing.T) {
	s := newStage(t)
	s.file("clip", 30*part)
	job := s.job("clip", &script{Place: s.folder("a"), write: func(_ context.Context, _ int, _ connectors.Part, r io.ReadSeeker, next writer) (connectors.Part, error) {
		time.Sleep(20 * time.Millisecond)
		return next(r)
	}})
	var seen []Progress
	job.Progress = func(p Progress) { seen = append(seen, p) }
	s.run(job)
	for i := 1; i < len(seen); i++ {
		if seen[i].Done < seen[i-1].Done || phases[seen[i].Phase] < phases[seen[i-1].Phase] {
			t.Errorf("it went back from %+v to %+v", seen[i-1], seen[i])
		}
	}
	last := seen[len(seen)-1]
	if last.Phase != PhaseDone || last.Done != 30*part || last.Total != 30*part || last.Destinations[0].Done != 30*part || len(seen) > 12 {
		t.Errorf("%d reports, the last %+v", len(seen), last)
	}
}

func TestManyJobsShareTheBudget(t *testing.T) {
	s := newStage(t, func(o *Options) { o.MemoryBudget = 6 * part })
	a, b := s.folder("a"), s.folder("b")
	var most int64
	s.source.open = func(_ int, _ int64, r io.ReadCloser) (io.ReadCloser, error) {
		s.engine.memory.mu.Lock()
		defer s.engine.memory.mu.Unlock()
		most = max(most, s.engine.memory.used)
		return r, nil
	}
	var wait sync.WaitGroup
	for n := range 12 {
		name := fmt.Sprint("clip-", n)
		s.put(name, content(uint64(n), n*part+n))
		wait.Go(func() {
			if _, err := s.engine.Run(s.ctx, s.job(name, a, b)); err != nil {
				t.Error(err)
			}
		})
	}
	wait.Wait()
	if most > 6*part || most == 0 {
		t.Errorf("%d bytes were in memory", most)
	}
	if m := s.engine.memory; m.used != 0 || m.shares != 0 {
		t.Errorf("%d bytes were not given back, %d shares not ended", m.used, m.shares)
	}
}

func TestTheSameJobTwiceAtOnceRunsOnce(t *testing.T) {
	s := newStage(t)
	s.file("clip", 4*part)
	to := &script{Place: s.folder("a")}
	var wait sync.WaitGroup
	for range 5 {
		wait.Go(func() {
			if _, err := s.engine.Run(s.ctx, s.job("clip", to)); err != nil {
				t.Error(err)
			}
		})
	}
	wait.Wait()
	if to.begins.Load() != 1 || to.commits.Load() != 1 {
		t.Errorf("%d begins, %d commits", to.begins.Load(), to.commits.Load())
	}
}

func TestBytesAreASource(t *testing.T) {
	s := newStage(t)
	data := content(1, 3*part+1)
	job := s.job("list.xml", s.folder("a"))
	job.Source = Source{Place: Bytes("list.xml", data), Path: "list.xml"}
	s.run(job)
	s.holds("a", "list.xml", data)
	s.run(job)

	b := Bytes("x", []byte("abc"))
	if _, err := b.Open(s.ctx, "x", 1, 3); connectors.KindOf(err) != connectors.KindIncomplete {
		t.Errorf("past the end: %v", err)
	}
	if _, err := b.Stat(s.ctx, "y"); connectors.KindOf(err) != connectors.KindNotFound {
		t.Errorf("another name: %v", err)
	}
	for e, err := range b.List(s.ctx, "") {
		if err != nil || e.Path != "x" || e.Size != 3 {
			t.Errorf("listed %+v, %v", e, err)
		}
	}
}

// Any size, part size and number of destinations, cut at any write.
func TestAnyFailureLeavesAJobThatGoesOn(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	folders := []connectors.Place{s.folder("to0"), s.folder("to1"), s.folder("to2")}
	number := 0
	rapid.Check(t, func(rt *rapid.T) {
		number++
		name := fmt.Sprint("clip-", number)
		o := s.engine.o
		o.PartSize, o.Parallel = rapid.Int64Range(600, 5000).Draw(rt, "part size"), rapid.IntRange(1, 5).Draw(rt, "parallel")
		s.engine = New(o)
		data := content(uint64(number), rapid.IntRange(0, 10_000).Draw(rt, "size"))
		s.put(name, data)
		var to []connectors.Sink
		for _, folder := range folders[:rapid.IntRange(1, 3).Draw(rt, "destinations")] {
			to = append(to, &script{Place: folder, write: failFrom(rapid.IntRange(1, 20).Draw(rt, "fails from"), connectors.KindPermission)})
		}
		_, _ = s.engine.Run(s.ctx, s.job(name, to...))
		for _, place := range to {
			place.(*script).write = nil
		}
		s.run(s.job(name, to...))
		for n := range to {
			got, err := os.ReadFile(filepath.Join(s.dir, fmt.Sprint("to", n), name))
			if err != nil || !bytes.Equal(got, data) {
				rt.Fatalf("destination %d: %v", n, err)
			}
		}
		s.unmarked()
	})
}
