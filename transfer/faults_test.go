package transfer

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"gantry/connectors"
)

func TestAFlippedBitIsFoundAndThatPartAloneIsSentAgain(t *testing.T) {
	s := newStage(t)
	data := s.file("clip", 8*part)
	to := &script{Place: s.folder("a")}
	to.write = func(_ context.Context, _ int, p connectors.Part, r io.ReadSeeker, next writer) (connectors.Part, error) {
		if p.Number == 5 && to.attempts(5) == 1 {
			return next(flipped(r, 77))
		}
		return next(r)
	}
	to.commit = func(_ int, next func() (connectors.Entry, error)) (connectors.Entry, error) {
		s.has("a", stagedName(t, s)) // nothing was visible before
		return next()
	}
	receipt := s.run(s.job("clip", to))
	s.holds("a", "clip", data)
	if to.writes.Load() != 9 || to.attempts(5) != 2 || receipt.Copies[0].Proof != ProofReadback {
		t.Errorf("%d writes, %d of part 5", to.writes.Load(), to.attempts(5))
	}
}

func TestADestinationThatAlwaysSpoilsIsGivenUp(t *testing.T) {
	s := newStage(t)
	s.file("clip", 3*part)
	to := &script{Place: s.folder("a")}
	to.write = func(_ context.Context, _ int, p connectors.Part, r io.ReadSeeker, next writer) (connectors.Part, error) {
		if p.Number == 2 {
			return next(flipped(r, 0))
		}
		return next(r)
	}
	s.fails(s.job("clip", to), connectors.KindIntegrity)
	s.has("a", stagedName(t, s))
}

func TestWhatAPowerCutTookFromTheStageIsSentAgain(t *testing.T) {
	s := newStage(t)
	data := s.file("clip", 8*part)
	to := &script{Place: s.folder("a"), write: failFrom(7, connectors.KindPermission)}
	s.fails(s.job("clip", to), connectors.KindPermission)
	staged := filepath.Join(s.dir, "a", stagedName(t, s))
	must(t, os.Truncate(staged, 2*part+part/2))
	to.write = nil
	s.run(s.job("clip", to))
	s.holds("a", "clip", data)
}

func TestTheSourceIsReadAgainFromWhereItBroke(t *testing.T) {
	s := newStage(t)
	data := s.file("clip", 6*part)
	s.source.open = func(call int, _ int64, r io.ReadCloser) (io.ReadCloser, error) {
		switch call {
		case 2: // ends early without an error
			return readCloser{io.LimitReader(r, 1000), r}, nil
		case 4:
			return readCloser{io.MultiReader(io.LimitReader(r, 5000), failing{connectors.KindUnavailable}), r}, nil
		default:
			return r, nil
		}
	}
	s.run(s.job("clip", s.folder("a")))
	s.holds("a", "clip", data)
	if n := s.source.opens.Load(); n != 8 {
		t.Errorf("the source was opened %d times", n)
	}
}

type readCloser struct {
	io.Reader
	io.Closer
}

type failing struct{ kind connectors.Kind }

func (f failing) Read([]byte) (int, error) {
	return 0, connectors.Errorf(f.kind, "read", "clip", "as scripted")
}

func TestASourceThatIsUnreadableIsTold(t *testing.T) {
	s := newStage(t)
	s.file("clip", 3*part)
	s.source.open = func(call int, _ int64, r io.ReadCloser) (io.ReadCloser, error) {
		return readCloser{failing{connectors.KindPermission}, r}, nil
	}
	_, err := s.fails(s.job("clip", s.folder("a"), s.folder("b")), connectors.KindPermission)
	if strings.Count(err.Error(), "as scripted") != 1 {
		t.Errorf("the failure is not told once: %v", err)
	}
	missing := s.job("none", s.folder("a"))
	s.fails(missing, connectors.KindNotFound)
}

func TestASourceThatChangesMeanwhileIsNotCommitted(t *testing.T) {
	for name, change := range map[string]func(path string) error{
		"rewritten": func(path string) error { return os.WriteFile(path, content(7, 6*part), 0o644) },
		"shrunk":    func(path string) error { return os.Truncate(path, 4*part+1) },
		"grown": func(path string) error {
			f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
			if err == nil {
				_, err = f.Write([]byte("more"))
				err = errors.Join(err, f.Close())
			}
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStage(t)
			s.file("clip", 6*part)
			s.source.open = func(call int, _ int64, r io.ReadCloser) (io.ReadCloser, error) {
				if call == 5 {
					must(t, change(filepath.Join(s.dir, "source", "clip")))
				}
				return r, nil
			}
			a, b := &script{Place: s.folder("a")}, &script{Place: s.folder("b")}
			receipt, _ := s.fails(s.job("clip", a, b), connectors.KindChanged)
			s.has("a")
			s.has("b")
			s.unmarked()
			if len(receipt.Copies) != 0 {
				t.Errorf("copies %+v", receipt.Copies)
			}
			s.source.open = nil
			s.run(s.job("clip", a, b))
			now, err := os.ReadFile(filepath.Join(s.dir, "source", "clip"))
			must(t, err)
			s.holds("a", "clip", now)
		})
	}
}

func TestAPartThatStallsIsSentAgain(t *testing.T) {
	t.Parallel()
	s := newStage(t, func(o *Options) { o.Stall = 100 * time.Millisecond })
	data := s.file("clip", 6*part)
	to := &script{Place: s.folder("a")}
	to.write = func(ctx context.Context, _ int, p connectors.Part, r io.ReadSeeker, next writer) (connectors.Part, error) {
		if p.Number == 2 && to.attempts(2) == 1 {
			_, _ = r.Read(make([]byte, 100))
			<-ctx.Done()
			return connectors.Part{}, ctx.Err()
		}
		return next(r)
	}
	s.source.open = func(call int, _ int64, r io.ReadCloser) (io.ReadCloser, error) {
		if call == 4 {
			return stuck(r), nil
		}
		return r, nil
	}
	receipt := s.run(s.job("clip", to))
	s.holds("a", "clip", data)
	if to.writes.Load() != 7 || receipt.Copies[0].Retries < 1 {
		t.Errorf("%d writes, %+v", to.writes.Load(), receipt.Copies[0])
	}
}

// stuck gives no byte until it is closed.
func stuck(r io.ReadCloser) io.ReadCloser {
	pr, pw := io.Pipe()
	return readCloser{pr, closer(func() error { pw.Close(); return r.Close() })}
}

type closer func() error

func (c closer) Close() error { return c() }

func TestBytesLentToACallThatHangsAreNotReused(t *testing.T) {
	t.Parallel()
	s := newStage(t, func(o *Options) { o.Stall = 100 * time.Millisecond })
	data := s.file("clip", 6*part)
	release := make(chan struct{})
	to := &script{Place: s.folder("a")}
	to.write = func(_ context.Context, _ int, p connectors.Part, r io.ReadSeeker, next writer) (connectors.Part, error) {
		if p.Number == 2 && to.attempts(2) == 1 {
			<-release // deaf to its context
			if _, err := r.Read(make([]byte, 1)); !errors.Is(err, errRevoked) {
				t.Errorf("it still reads: %v", err)
			}
			return connectors.Part{}, errors.New("late")
		}
		return next(r)
	}
	s.run(s.job("clip", to))
	close(release)
	s.holds("a", "clip", data)
}

func TestACommitWhoseReplyIsLostIsNotDoneTwice(t *testing.T) {
	for name, exclusive := range map[string]bool{"replacing": false, "exclusive": true} {
		t.Run(name, func(t *testing.T) {
			s := newStage(t)
			data := s.file("clip", 3*part)
			to := &script{Place: s.folder("a")}
			to.commit = func(call int, next func() (connectors.Entry, error)) (connectors.Entry, error) {
				switch {
				case call == 1:
					_, err := next()
					must(t, err)
					return connectors.Entry{}, connectors.Errorf(connectors.KindUnavailable, "commit", "clip", "the reply is lost")
				case exclusive:
					return connectors.Entry{}, connectors.Errorf(connectors.KindExists, "commit", "clip", "there is one")
				default:
					return connectors.Entry{}, connectors.Errorf(connectors.KindNotFound, "commit", "clip", "no such upload")
				}
			}
			job := s.job("clip", to)
			job.Destinations[0].Exclusive = exclusive
			receipt := s.run(job)
			s.holds("a", "clip", data)
			if to.begins.Load() != 1 || receipt.Copies[0].Proof != ProofReadback {
				t.Errorf("%d begins, %+v", to.begins.Load(), receipt.Copies[0])
			}
		})
	}
}

// The process dies between the commit and the receipt.
func TestWhatWasCommittedJustBeforeTheEndIsFound(t *testing.T) {
	for name, exclusive := range map[string]bool{"replacing": false, "exclusive": true} {
		t.Run(name, func(t *testing.T) {
			s := newStage(t)
			data := s.file("clip", 3*part)
			to := &script{Place: s.folder("a")}
			to.commit = func(_ int, next func() (connectors.Entry, error)) (connectors.Entry, error) {
				_, err := next()
				must(t, err)
				return connectors.Entry{}, connectors.Errorf(connectors.KindPermission, "commit", "clip", "the end")
			}
			job := s.job("clip", to)
			job.Destinations[0].Exclusive = exclusive
			s.fails(job, connectors.KindPermission)
			s.start()
			receipt := s.run(job)
			s.holds("a", "clip", data)
			if c := receipt.Copies[0]; to.begins.Load() != 2 || to.commits.Load() != 1 || c.SentBytes != 0 || c.Proof != ProofReadback {
				t.Errorf("%d begins, %d commits, %+v", to.begins.Load(), to.commits.Load(), c)
			}
		})
	}
}

func TestAnotherFileOfTheSameSizeIsNotTakenForOurs(t *testing.T) {
	s := newStage(t)
	data := s.file("clip", 3*part)
	to := &script{Place: s.folder("a"), write: failFrom(2, connectors.KindPermission)}
	s.fails(s.job("clip", to), connectors.KindPermission)
	must(t, os.RemoveAll(filepath.Join(s.dir, "a", ".gantry-uploads")))
	must(t, os.WriteFile(filepath.Join(s.dir, "a", "clip"), content(5, 3*part), 0o644))
	to.write = nil
	s.run(s.job("clip", to))
	s.holds("a", "clip", data)
}

func TestAFullDestinationIsWaitedFor(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	data := s.file("clip", 5*part)
	to := &script{Place: s.folder("a")}
	to.write = func(_ context.Context, call int, _ connectors.Part, r io.ReadSeeker, next writer) (connectors.Part, error) {
		if call >= 2 && call <= 6 {
			return connectors.Part{}, connectors.Errorf(connectors.KindNoSpace, "write part", "clip", "full")
		}
		return next(r)
	}
	s.run(s.job("clip", to))
	s.holds("a", "clip", data)

	to = &script{Place: s.folder("b"), write: failFrom(3, connectors.KindNoSpace)}
	job := s.job("clip", to)
	job.ID = "full for long"
	s.fails(job, connectors.KindNoSpace)
	to.write = nil
	if c := s.run(job).Copies[0]; c.Resumed != 2 {
		t.Errorf("got %+v", c)
	}
}

func TestABeginThatFailsIsRetried(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	data := s.file("clip", part)
	to := &script{Place: s.folder("a"), begin: func(call int, _ connectors.UploadOptions) error {
		if call < 4 {
			return connectors.Errorf(connectors.KindBusy, "begin", "clip", "slow down")
		}
		return nil
	}}
	if c := s.run(s.job("clip", to)).Copies[0]; c.Retries != 3 {
		t.Errorf("got %+v", c)
	}
	s.holds("a", "clip", data)
}

func TestAPartThatThePlaceCallsWrongIsSentAgain(t *testing.T) {
	s := newStage(t)
	data := s.file("clip", 4*part)
	to := &script{Place: s.folder("a")}
	to.write = func(_ context.Context, call int, _ connectors.Part, r io.ReadSeeker, next writer) (connectors.Part, error) {
		switch call {
		case 1:
			return connectors.Part{}, connectors.Errorf(connectors.KindIntegrity, "write part", "clip", "bad digest")
		case 2:
			p, err := next(r)
			p.Digests = connectors.Digests{connectors.CRC64NVME: "0000000000000000"}
			return p, err
		default:
			return next(r)
		}
	}
	s.run(s.job("clip", to))
	s.holds("a", "clip", data)
	if to.writes.Load() != 6 {
		t.Errorf("%d writes", to.writes.Load())
	}
}

// A vouching place has a digest of its own for each object, and shows nothing
// that is staged.
func vouching(p connectors.Place) *script {
	traits := p.Traits()
	traits.WholeDigest = connectors.SHA256
	s := &script{Place: p, traits: &traits, unstaged: true}
	return s
}

func TestThePlacesOwnDigestIsTheStrongestProof(t *testing.T) {
	s := newStage(t)
	data := s.file("clip", 4*part)
	to := vouching(s.folder("a"))
	to.commit = func(call int, next func() (connectors.Entry, error)) (connectors.Entry, error) {
		e, err := next()
		e.Digests = sums(t, data, connectors.SHA256)
		return e, err
	}
	receipt := s.run(s.job("clip", to))
	s.holds("a", "clip", data)
	if c := receipt.Copies[0]; c.Proof != ProofNative || receipt.Digests[connectors.SHA256] == "" {
		t.Errorf("got %+v, %v", c, receipt.Digests)
	}
}

func TestAWrongDigestOfThePlaceRemovesTheCopyAndSendsItAgain(t *testing.T) {
	s := newStage(t)
	data := s.file("clip", 4*part)
	to := vouching(s.folder("a"))
	to.commit = func(call int, next func() (connectors.Entry, error)) (connectors.Entry, error) {
		e, err := next()
		e.Digests = sums(t, data[:len(data)-min(1, 2-call)], connectors.SHA256)
		return e, err
	}
	s.run(s.job("clip", to))
	s.holds("a", "clip", data)
	if to.commits.Load() != 2 || to.writes.Load() != 8 {
		t.Errorf("%d commits, %d writes", to.commits.Load(), to.writes.Load())
	}

	liar := vouching(s.folder("b"))
	liar.commit = func(_ int, next func() (connectors.Entry, error)) (connectors.Entry, error) {
		e, err := next()
		e.Digests = sums(t, nil, connectors.SHA256)
		return e, err
	}
	job := s.job("clip", liar)
	job.ID = "liar"
	s.fails(job, connectors.KindIntegrity)
	s.has("b")
}

func TestAPlaceWithoutProofIsReadBackAfterTheCommit(t *testing.T) {
	s := newStage(t)
	data := s.file("clip", 4*part)
	to := &script{Place: s.folder("a"), unstaged: true}
	to.write = func(_ context.Context, _ int, p connectors.Part, r io.ReadSeeker, next writer) (connectors.Part, error) {
		if p.Number == 3 && to.attempts(3) == 1 {
			return next(flipped(r, 5))
		}
		return next(r)
	}
	receipt := s.run(s.job("clip", to))
	s.holds("a", "clip", data)
	if receipt.Copies[0].Proof != ProofReadback || to.commits.Load() != 2 {
		t.Errorf("%d commits, %+v", to.commits.Load(), receipt.Copies[0])
	}

	job := s.job("clip", &script{Place: s.folder("b"), unstaged: true})
	job.ID, job.Verify = "size", VerifySize
	if c := s.run(job).Copies[0]; c.Proof != ProofSize {
		t.Errorf("got %+v", c)
	}
}

// writeOnly is a drop box: it can be written to, and nothing else.
type writeOnly struct{ connectors.Sink }

func TestNoReceiptWithoutProof(t *testing.T) {
	s := newStage(t)
	s.file("clip", part)
	box := writeOnly{&script{Place: s.folder("a"), unstaged: true}}
	job := s.job("clip", box)
	s.fails(job, connectors.KindUnsupported)
	s.has("a")
	job.Verify = VerifySize
	if c := s.run(job).Copies[0]; c.Proof != ProofSize {
		t.Errorf("got %+v", c)
	}
}

// A dropBox is a place that takes files and tells nothing of them.
type dropBox struct{ connectors.Place }

func (dropBox) Traits() connectors.Traits {
	return connectors.Traits{WriteOnly: true, Sequential: true}
}

func (dropBox) Stat(_ context.Context, path string) (connectors.Entry, error) {
	return connectors.Entry{}, connectors.Errorf(connectors.KindPermission, "stat", path, "it is a drop box")
}

func (dropBox) Open(_ context.Context, path string, _, _ int64) (io.ReadCloser, error) {
	return nil, connectors.Errorf(connectors.KindPermission, "open", path, "it is a drop box")
}

func TestADropBoxIsDeliveredToOnce(t *testing.T) {
	s := newStage(t)
	s.file("clip", 3*part)
	to := &script{Place: dropBox{s.folder("a")}, unstaged: true}
	job := s.job("clip", to)
	s.fails(job, connectors.KindUnsupported)
	if to.begins.Load() != 0 {
		t.Error("bytes were sent that could not be proved")
	}
	job.Destinations[0].Verify = VerifySize
	for range 2 {
		if c := s.run(job).Copies[0]; c.Proof != ProofSize {
			t.Errorf("got %+v", c)
		}
	}
	if to.commits.Load() != 1 {
		t.Errorf("%d deliveries", to.commits.Load())
	}
}

func TestASequentialPlaceGetsItsPartsInOrder(t *testing.T) {
	s := newStage(t)
	data := s.file("clip", 8*part)
	place := s.folder("a")
	traits := place.Traits()
	traits.Sequential = true
	last := 0
	to := &script{Place: place, traits: &traits}
	inOrder := func(_ context.Context, _ int, p connectors.Part, r io.ReadSeeker, next writer) (connectors.Part, error) {
		if p.Number != last+1 {
			t.Errorf("part %d came after part %d", p.Number, last)
		}
		last = p.Number
		if p.Number == 5 && to.attempts(5) == 1 {
			last--
			return connectors.Part{}, connectors.Errorf(connectors.KindPermission, "write part", "clip", "stop")
		}
		return next(r)
	}
	to.write = inOrder
	s.fails(s.job("clip", to), connectors.KindPermission)
	if c := s.run(s.job("clip", to)).Copies[0]; c.Resumed != 4 {
		t.Errorf("got %+v", c)
	}
	s.holds("a", "clip", data)
}

func TestAJournalThatSaysTooMuchCostsSendingAgain(t *testing.T) {
	s := newStage(t)
	data := s.file("clip", 4*part)
	to := &script{Place: s.folder("a"), unstaged: true}
	to.write = failFrom(4, connectors.KindPermission)
	s.fails(s.job("clip", to), connectors.KindPermission)
	to.write = nil
	to.commit = func(call int, next func() (connectors.Entry, error)) (connectors.Entry, error) {
		if call == 1 {
			return connectors.Entry{}, connectors.Errorf(connectors.KindInvalid, "commit", "clip", "there is no part 2")
		}
		return next()
	}
	if c := s.run(s.job("clip", to)).Copies[0]; c.Resumed != 0 {
		t.Errorf("got %+v", c)
	}
	s.holds("a", "clip", data)
}

func TestABodyIsASeekableReader(t *testing.T) {
	data := content(1, 3*step/2)
	b := &body{data: data, moved: func(int, int64) {}}
	var all bytes.Buffer
	if n, err := b.WriteTo(&all); n != int64(len(data)) || err != nil || !bytes.Equal(all.Bytes(), data) {
		t.Fatalf("wrote %d, %v", n, err)
	}
	if at, err := b.Seek(-10, io.SeekEnd); at != int64(len(data))-10 || err != nil || b.Len() != 10 || b.Size() != int64(len(data)) {
		t.Fatalf("at %d, %v", at, err)
	}
	if at, err := b.Seek(-1, io.SeekStart); err == nil {
		t.Fatalf("at %d", at)
	}
	rest, err := io.ReadAll(struct{ io.Reader }{b})
	if err != nil || !bytes.Equal(rest, data[len(data)-10:]) {
		t.Fatalf("read %d, %v", len(rest), err)
	}
	if _, err := b.Seek(0, io.SeekStart); err != nil {
		t.Fatal(err)
	}
	if _, err := b.WriteTo(writerFunc(func([]byte) (int, error) { return 1, nil })); !errors.Is(err, io.ErrShortWrite) {
		t.Fatalf("a short write: %v", err)
	}
	if _, clean := b.revoke(); !clean {
		t.Fatal("nobody reads it")
	}
	if _, err := b.Read(make([]byte, 1)); !errors.Is(err, errRevoked) {
		t.Fatalf("after revoke: %v", err)
	}
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }
