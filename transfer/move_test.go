package transfer

import (
	"bytes"
	"context"
	"fmt"
	"iter"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"gantry/connectors"
	"gantry/connectors/aspera"
	"gantry/connectors/aspera/asperatest"
	"gantry/connectors/local"
	"gantry/transfer/journal"
)

const moved = 300_000 // bytes of a file that is moved; the stand-in moves 32 KiB at a time

// A port is a stage with a server that ascp moves files to.
type port struct {
	*stage
	ascp  *asperatest.Ascp
	place connectors.Place
}

func newPort(t *testing.T, node bool, script ...asperatest.Act) *port {
	t.Helper()
	s := newStage(t)
	s.start(func(o *Options) { o.Scratch = filepath.Join(s.dir, "scratch") })
	p := &port{stage: s, ascp: asperatest.NewAscp(t, script...)}
	p.place = p.open(t, node)
	return p
}

func (p *port) open(t *testing.T, node bool) connectors.Place {
	t.Helper()
	place, err := aspera.Connector().Open(t.Context(), portLocation(t, p.ascp, node))
	must(t, err)
	t.Cleanup(func() { place.Close() })
	return place
}

func portLocation(t *testing.T, a *asperatest.Ascp, node bool) connectors.Location {
	t.Helper()
	secret := filepath.Join(t.TempDir(), "secret")
	l := connectors.Location{URL: "aspera://" + asperatest.User + "@server.example.net/media", Options: map[string]string{
		"ascp": a.Program, "hostKey": "9fc1", "password": "file:" + secret, "timeout": "10s",
	}}
	password := asperatest.Password
	if node {
		n := asperatest.NewNode(t, a)
		l.URL = "aspera+https://" + strings.TrimPrefix(n.URL, "https://") + "/media"
		l.Options["caFile"], l.Options["nodeUser"], password = n.CAFile, asperatest.NodeUser, asperatest.NodePassword
	}
	must(t, os.WriteFile(secret, []byte(password), 0o600))
	return l
}

// clean fails unless the scratch folder is empty.
func (p *port) clean() {
	p.t.Helper()
	entries, err := os.ReadDir(filepath.Join(p.dir, "scratch"))
	if err != nil && !os.IsNotExist(err) {
		p.t.Fatal(err)
	}
	for _, e := range entries {
		p.t.Errorf("the scratch folder has %s", e.Name())
	}
}

func (p *port) serves(path string, data []byte) {
	p.t.Helper()
	if files := p.ascp.Files(); !bytes.Equal(p.ascp.Has(path), data) || len(files) != 1 {
		p.t.Errorf("the server has %q, and %d bytes at %s", files, len(p.ascp.Has(path)), path)
	}
}

func TestAFileIsMovedAndProvedByReceivingItAgain(t *testing.T) {
	t.Parallel()
	for name, node := range map[string]bool{"node": true, "ssh": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newPort(t, node)
			data := p.file("day1/clip.mov", moved)
			var phases []string
			job := p.job("day1/clip.mov", p.place)
			job.Progress = func(now Progress) { phases = append(phases, now.Phase) }
			receipt := p.run(job)
			p.serves("media/day1/clip.mov", data)
			if c := receipt.Copies[0]; c.Proof != ProofReadback || c.SentBytes != moved || c.Entry.Size != moved {
				t.Errorf("got %+v", c)
			}
			if common, equal := sums(t, data, connectors.XXH128).Agree(receipt.Digests); common != 1 || !equal {
				t.Errorf("got %v", receipt.Digests)
			}
			runs := p.ascp.Runs()
			if len(runs) != 2 || !slices.Contains(runs[0].Args, "send") || !slices.Contains(runs[1].Args, "recv") {
				t.Errorf("got %+v", runs)
			}
			p.clean()
			p.unmarked()
			if phases[len(phases)-1] != PhaseDone {
				t.Errorf("it went through %v", phases)
			}
		})
	}
}

// The file itself is sent, and no copy of it.
func TestAFileOnDiskIsNotStaged(t *testing.T) {
	t.Parallel()
	p := newPort(t, true)
	p.file("clip", moved)
	job := p.job("clip", p.place)
	job.Source.Place = p.source.Place // without the wrapper of the stage
	p.run(job)
	list := p.ascp.Runs()[0].Args
	if !slices.ContainsFunc(list, func(a string) bool { return strings.HasPrefix(a, "--file-pair-list=") }) {
		t.Fatalf("got %q", list)
	}
	if entries, err := os.ReadDir(filepath.Join(p.dir, "scratch")); err == nil && len(entries) > 0 {
		t.Errorf("%d files were staged", len(entries))
	}
}

func TestAFileIsReceivedAndDelivered(t *testing.T) {
	t.Parallel()
	for name, node := range map[string]bool{"node": true, "ssh": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newPort(t, node, asperatest.Act{Kill: true, AfterBytes: 100_000})
			data := content(7, moved)
			p.ascp.Put("media/out/clip.mov", data)
			job := Job{
				ID: "in", Source: Source{Place: p.place, Location: "partner", Path: "out/clip.mov"},
				Destinations: []Destination{{Place: p.folder("a"), Location: "a", Path: "clip.mov"}, {Place: p.folder("b"), Location: "b", Path: "clip.mov"}},
			}
			receipt := p.run(job)
			p.holds("a", "clip.mov", data)
			p.holds("b", "clip.mov", data)
			if runs := p.ascp.Runs(); len(runs) != 2 || runs[1].Offset != 100_000 || receipt.Size != moved {
				t.Errorf("got %+v, %d bytes", runs, receipt.Size)
			}
			p.clean()
		})
	}
}

func TestFromOneServerToAnother(t *testing.T) {
	t.Parallel()
	p := newPort(t, true)
	other := newPort(t, true)
	data := content(9, moved)
	p.ascp.Put("media/clip.mov", data)
	p.run(Job{
		ID: "x", Source: Source{Place: p.place, Location: "one", Path: "clip.mov"},
		Destinations: []Destination{{Place: other.place, Location: "other", Path: "in/clip.mov"}},
	})
	other.serves("media/in/clip.mov", data)
	p.clean()
}

// A copy that is not what was sent is found out, removed, and made again.
func TestAWrongCopyIsReplaced(t *testing.T) {
	t.Parallel()
	for name, node := range map[string]bool{"node": true, "ssh": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newPort(t, node)
			data := p.file("clip", moved)
			spoilt := &spoiler{swept: swept{p.place}, ascp: p.ascp}
			receipt := p.run(p.job("clip", spoilt))
			p.serves("media/clip", data)
			if spoilt.times != 2 || receipt.Copies[0].Proof != ProofReadback {
				t.Errorf("it was sent %d times; %+v", spoilt.times, receipt.Copies[0])
			}
			p.clean()
		})
	}
}

// Nothing that is not proved gets the name, and what had it before keeps it.
func TestAWrongCopyReplacesNothing(t *testing.T) {
	p := newPort(t, true, asperatest.Act{}, asperatest.Act{}, asperatest.Act{Code: 5, AfterBytes: 100_000})
	p.file("clip", moved)
	p.ascp.Put("media/clip", []byte("the good old version"))
	job := p.job("clip", &spoiler{swept: swept{p.place}, ascp: p.ascp})
	p.fails(job, connectors.KindPermission)
	if got := string(p.ascp.Has("media/clip")); got != "the good old version" {
		t.Errorf("the server has %d other bytes", len(got))
	}
	must(t, p.engine.Abandon(t.Context(), job.ID, job.Destinations))
	p.serves("media/clip", []byte("the good old version"))
	p.clean()
}

// What an earlier run has received proves nothing, wherever the scratch folder is.
func TestAProofIsReceivedAnew(t *testing.T) {
	t.Parallel()
	a := asperatest.NewAscp(t)
	l := portLocation(t, a, true)
	l.Options["resume"] = "attrs"
	scratch := filepath.Join(t.TempDir(), "reel[1]")
	own := filepath.Join(scratch, scratchName("job-clip"))
	must(t, os.MkdirAll(own, 0o700))
	for i := range 2 {
		s := newStage(t, func(o *Options) { o.Scratch = scratch })
		place, err := aspera.Connector().Open(t.Context(), l)
		must(t, err)
		defer place.Close()
		p := &port{stage: s, ascp: a, place: place}
		data := p.file("clip", moved)
		must(t, os.Chtimes(filepath.Join(s.dir, "source", "clip"), time.Unix(1e9, 0), time.Unix(1e9, 0)))
		// A stray file of every name that an earlier run can have had.
		for _, e := range left(t, own) {
			must(t, os.WriteFile(e, data, 0o600))
			must(t, os.Chtimes(e, time.Unix(1e9, 0), time.Unix(1e9, 0)))
		}
		var to connectors.Sink = place
		if i == 1 {
			to = &spoiler{swept: swept{place}, ascp: a}
		}
		receipt := p.run(p.job("clip", to))
		p.serves("media/clip", data)
		if receipt.Copies[0].Proof != ProofReadback {
			t.Errorf("got %+v", receipt.Copies[0])
		}
		if names := left(t, scratch); len(names) != 0 {
			t.Errorf("left: %q", names)
		}
	}
}

func left(t *testing.T, dir string) (names []string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	for _, e := range entries {
		names = append(names, filepath.Join(dir, e.Name()))
	}
	return names
}

// swept is a place that a wrapper leaves to be swept.
type swept struct{ connectors.Place }

func (s swept) Unwrap() connectors.Place { return s.Place }

func (s swept) Unfinished(ctx context.Context, prefix string) iter.Seq2[connectors.Unfinished, error] {
	sweeper, _ := connectors.As[connectors.Sweeper](s.Place)
	return sweeper.Unfinished(ctx, prefix)
}

func (s swept) Discard(ctx context.Context, u connectors.Unfinished) error {
	sweeper, _ := connectors.As[connectors.Sweeper](s.Place)
	return sweeper.Discard(ctx, u)
}

// A spoiler flips a byte of the first file that has arrived.
type spoiler struct {
	swept
	ascp  *asperatest.Ascp
	times int
}

func (s *spoiler) Start(ctx context.Context, m connectors.Movement) (connectors.Moving, error) {
	mover, _ := connectors.As[connectors.Mover](s.Place)
	moving, err := mover.Start(ctx, m)
	if err != nil || m.Receive {
		return moving, err
	}
	if s.times++; s.times == 1 {
		return &spoiltMoving{moving, s.ascp}, nil
	}
	return moving, nil
}

type spoiltMoving struct {
	connectors.Moving
	ascp *asperatest.Ascp
}

func (s *spoiltMoving) Wait() (connectors.Entry, error) {
	entry, err := s.Moving.Wait()
	name := "media/" + entry.Path
	if data := s.ascp.Has(name); len(data) > 0 {
		data[len(data)/2]++
		s.ascp.Put(name, data)
		err = os.Chtimes(filepath.Join(s.ascp.Root, name), entry.ModTime, entry.ModTime)
	}
	return entry, err
}

func TestSizeIsAProofOnlyWhereItIsAllowed(t *testing.T) {
	p := newPort(t, true)
	p.file("clip", moved)
	job := p.job("clip", p.place)
	job.Verify = VerifySize
	if receipt := p.run(job); receipt.Copies[0].Proof != ProofSize || len(p.ascp.Runs()) != 1 {
		t.Errorf("got %+v after %d runs", receipt.Copies[0], len(p.ascp.Runs()))
	}
}

// Where nobody can ask the server, its file is received, however little is asked for.
func TestWithoutANodeTheSizeIsNoProof(t *testing.T) {
	t.Parallel()
	p := newPort(t, false, asperatest.Act{Lie: true})
	data := p.file("clip", moved)
	job := p.job("clip", p.place)
	job.Verify = VerifySize
	receipt := p.run(job)
	p.serves("media/clip", data)
	if receipt.Copies[0].Proof != ProofReadback || receipt.Copies[0].Entry.Size != moved {
		t.Errorf("got %+v", receipt.Copies[0])
	}
	p.clean()
}

func TestADoneMovementIsNotMadeAgain(t *testing.T) {
	p := newPort(t, true)
	p.file("clip", moved)
	first := p.run(p.job("clip", p.place))
	second := p.run(p.job("clip", p.place))
	if len(p.ascp.Runs()) != 2 || !first.Finished.Equal(second.Finished) {
		t.Errorf("ascp was started %d times", len(p.ascp.Runs()))
	}
}

func TestAnExclusiveMovementReplacesNothing(t *testing.T) {
	for _, node := range []bool{true, false} {
		p := newPort(t, node)
		p.file("clip", moved)
		p.ascp.Put("media/clip", []byte("another"))
		job := p.job("clip", p.place)
		job.Destinations[0].Exclusive = true
		p.fails(job, connectors.KindExists)
		p.serves("media/clip", []byte("another"))
	}
}

// Nor a file that comes while it is under way; and where nobody can tell whether one
// does, it does not begin.
func TestAnExclusiveMovementIsExclusiveToItsEnd(t *testing.T) {
	p := newPort(t, true)
	p.file("clip", moved)
	job := p.job("clip", &racer{swept{p.place}, p.ascp})
	job.Destinations[0].Exclusive = true
	p.fails(job, connectors.KindExists)
	p.serves("media/clip", []byte("somebody else's master"))
	p.clean()

	p = newPort(t, false)
	p.file("clip", moved)
	job = p.job("clip", p.place)
	job.Destinations[0].Exclusive = true
	p.fails(job, connectors.KindUnsupported)
	if files := p.ascp.Files(); len(files) != 0 {
		t.Errorf("the server has %q", files)
	}
}

// A racer has somebody else write to the path while a file is on its way.
type racer struct {
	swept
	ascp *asperatest.Ascp
}

func (s *racer) Start(ctx context.Context, m connectors.Movement) (connectors.Moving, error) {
	if !m.Receive {
		s.ascp.Put("media/clip", []byte("somebody else's master"))
	}
	mover, _ := connectors.As[connectors.Mover](s.Place)
	return mover.Start(ctx, m)
}

// The next run would take the file for a whole one that has been received already.
func TestAJobThatIsGivenUpLeavesNothing(t *testing.T) {
	p := newPort(t, true)
	p.ascp.Put("media/clip", []byte("from the server"))
	p.fails(Job{
		ID: "in", Source: Source{Place: p.place, Location: "partner", Path: "clip"}, Expect: connectors.Digests{connectors.XXH128: strings.Repeat("0", 32)},
		Destinations: []Destination{{Place: p.folder("a"), Location: "a", Path: "clip"}},
	}, connectors.KindIntegrity)
	p.clean()
	p.unmarked()
}

func TestWhatWasReceivedLongAgoForNoJobIsRemoved(t *testing.T) {
	s := newStage(t)
	scratch := filepath.Join(s.dir, "scratch")
	kept := []string{scratchName("job-clip"), scratchName("new"), "of another program"}
	for _, name := range append(kept, scratchName("gone")) {
		must(t, os.MkdirAll(filepath.Join(scratch, name), 0o700))
		if name != scratchName("new") {
			must(t, os.Chtimes(filepath.Join(scratch, name), time.Unix(1e9, 0), time.Unix(1e9, 0)))
		}
	}
	target := journal.Target{Location: "to0", Path: "clip"}
	must(t, s.journal.Begin(journal.Job{ID: "job-clip", Started: time.Now()}, journal.Upload{Target: target, ID: "x"}))
	s.start(func(o *Options) { o.Scratch = scratch })
	var names []string
	for _, name := range left(t, scratch) {
		names = append(names, filepath.Base(name))
	}
	slices.Sort(kept)
	slices.Sort(names)
	if !slices.Equal(names, kept) {
		t.Errorf("got %q, want %q", names, kept)
	}
}

func TestAnAbandonedMovementLeavesNothing(t *testing.T) {
	p := newPort(t, true, asperatest.Act{Code: 5, AfterBytes: 100_000})
	p.file("clip", moved)
	job := p.job("clip", p.place)
	p.fails(job, connectors.KindPermission)
	if len(p.ascp.Files()) == 0 {
		t.Fatal("nothing had arrived")
	}
	must(t, p.engine.Abandon(t.Context(), job.ID, job.Destinations))
	if files := p.ascp.Files(); len(files) != 0 {
		t.Errorf("the server has %q", files)
	}
	p.clean()
	p.unmarked()
}

func TestWhatDoesNotFitIsNotStaged(t *testing.T) {
	free := int64(spare + 1000)
	r := &room{free: func(string) (int64, bool) { return free, true }}
	full := func(size, there int64) {
		t.Helper()
		if _, err := r.take("clip", size, there); connectors.KindOf(err) != connectors.KindNoSpace {
			t.Errorf("got %v", err)
		}
	}
	take := func(size, there int64) *lease {
		t.Helper()
		l, err := r.take("clip", size, there)
		must(t, err)
		return l
	}
	full(1<<60, 0)
	full(1001, 0)
	take(5000, 4000).drop() // most of it is there
	first := take(800, 0)
	full(300, 0) // it is promised to another
	free -= 600
	must(t, first.arrived(600))
	second := take(200, 0)
	full(1, 0)
	second.drop()
	second.drop()
	first.drop()
	take(400, 0).drop()
	unknown := take(-1, 0)
	free = spare - 1
	if err := unknown.arrived(1 << 30); connectors.KindOf(err) != connectors.KindNoSpace {
		t.Errorf("the disk is filled: %v", err)
	}
	full(-1, 0)
}

// A file whose size nobody knows does not fill the disk.
func TestReceivingEndsBeforeTheDiskIsFull(t *testing.T) {
	p := newPort(t, false, asperatest.Act{Hold: true, AfterBytes: 100_000})
	p.ascp.Put("media/clip", content(1, moved))
	calls := 0
	p.engine.room.free = func(string) (int64, bool) { calls++; return spare + 2 - int64(calls), true }
	p.engine.o.Patience = time.Millisecond
	p.fails(Job{
		ID: "in", Source: Source{Place: p.place, Location: "partner", Path: "clip"},
		Destinations: []Destination{{Place: p.folder("a"), Location: "a", Path: "clip"}},
	}, connectors.KindNoSpace)
	if calls < 3 {
		t.Errorf("it was refused after %d looks, and not ended", calls)
	}
}

const senderVariable = "GANTRY_TRANSFER_SENDER"

// sendUntilKilled is another process with the same job.
func sendUntilKilled(dir string) {
	ctx := context.Background()
	j, err := journal.Open(filepath.Join(dir, "journal"), journal.Options{})
	if err != nil {
		panic(err)
	}
	place, err := aspera.Connector().Open(ctx, connectors.Location{URL: os.Getenv("SENDER_URL"), Options: map[string]string{
		"ascp": os.Getenv("SENDER_ASCP"), "password": "env:SENDER_PASSWORD", "nodeUser": asperatest.NodeUser, "caFile": os.Getenv("SENDER_CA"),
	}})
	if err != nil {
		panic(err)
	}
	source, err := local.Connector().Open(ctx, connectors.Location{URL: "file://" + filepath.Join(dir, "source")})
	if err != nil {
		panic(err)
	}
	e := New(Options{Journal: j, PartSize: part, Scratch: filepath.Join(dir, "scratch")})
	_, err = e.Run(ctx, Job{
		ID: "job-clip", Source: Source{Place: source, Location: "source", Path: "clip"},
		Destinations: []Destination{{Place: place, Location: "to0", Path: "clip"}},
	})
	panic(err)
}

// kill -9 of the whole process: ascp ends with it, and the next run goes on where
// it stopped.
func TestAKilledProcessGoesOnWithItsMovement(t *testing.T) {
	s := newStage(t)
	must(t, s.journal.Close())
	s.journal = nil
	a := asperatest.NewAscp(t, asperatest.Act{Hold: true, AfterBytes: 100_000})
	l := portLocation(t, a, true)
	data := s.file("clip", moved)
	child := exec.Command(os.Args[0])
	child.Env = append(os.Environ(), senderVariable+"="+s.dir, "SENDER_URL="+l.URL, "SENDER_ASCP="+a.Program, "SENDER_PASSWORD="+asperatest.NodePassword, "SENDER_CA="+l.Options["caFile"])
	child.Stderr = os.Stderr
	must(t, child.Start())
	for deadline := time.Now().Add(20 * time.Second); len(a.Runs()) == 0 || a.Runs()[0].Sent < 100_000; {
		if time.Now().After(deadline) {
			t.Fatal("it never came so far")
		}
		time.Sleep(5 * time.Millisecond)
	}
	must(t, child.Process.Kill())
	_ = child.Wait()
	orphan := a.Runs()[0].PID
	for deadline := time.Now().Add(5 * time.Second); running(orphan); {
		if time.Now().After(deadline) {
			t.Fatal("ascp outlives its parent")
		}
		time.Sleep(5 * time.Millisecond)
	}

	s.start(func(o *Options) { o.Scratch = filepath.Join(s.dir, "scratch") })
	p := &port{stage: s, ascp: a}
	place, err := aspera.Connector().Open(t.Context(), l)
	must(t, err)
	defer place.Close()
	job := s.job("clip", place)
	job.Source.Place = s.source.Place // as the other process had it
	receipt := s.run(job)
	p.serves("media/clip", data)
	if runs := a.Runs(); runs[1].Offset != 100_000 || receipt.Copies[0].Proof != ProofReadback {
		t.Errorf("it went on from %d; %+v", runs[1].Offset, receipt.Copies[0])
	}
	p.clean()
}

// running is false for a process that has ended and that nobody has waited for.
func running(pid int) bool {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	return err == nil && !strings.Contains(string(stat), ") Z ")
}

func TestWhatIsPackedGoesPackedToAMover(t *testing.T) {
	p, l := newPort(t, true), newLock(t)
	data := p.file("clip", moved)
	job := p.packJob(l, p.place)
	job.Source.Place = p.folder("source") // a folder of this machine, whose files need no staging
	p.run(job)
	if !bytes.Equal(l.open(t, filepath.Join(p.ascp.Root, "media", packedName)), data) {
		t.Error("it opens to something else")
	}
}
