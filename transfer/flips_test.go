package transfer

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"gantry/connectors"
	"gantry/connectors/wrap"
	"gantry/connectors/wrap/fault"
	"gantry/transfer/growing"
	"gantry/transfer/journal"
)

// TestFlips turns one bit round, each time at another place on the way: while the
// source is read, in the part that is written, on the wire before real servers, in
// what a server has staged, in a file that is committed and not proved yet, in the
// journal. However it ends, no receipt is for a wrong file, and what was wrong is sent
// again. GANTRY_FLIPS is how many there are, GANTRY_SEED where; see docs/receipts.md.
func TestFlips(t *testing.T) {
	t.Parallel()
	count, seed := number(t, "GANTRY_FLIPS", 64), number(t, "GANTRY_SEED", time.Now().UnixNano())
	t.Logf("GANTRY_FLIPS=%d GANTRY_SEED=%d", count, seed)
	f := newFlipField(t)
	ways := f.ways()
	var next, turned atomic.Int64
	tally := make([]atomic.Int64, len(ways))
	var workers sync.WaitGroup
	for range 4 {
		workers.Go(func() {
			for n := next.Add(1) - 1; n < count && !t.Failed(); n = next.Add(1) - 1 {
				way := ways[n%int64(len(ways))]
				x := &flip{field: f, t: t, n: n, way: way.name, r: rand.New(rand.NewPCG(uint64(seed), uint64(n)))}
				x.prepare(way)
				way.run(x)
				if x.turned.Load() {
					turned.Add(1)
					tally[n%int64(len(ways))].Add(1)
				}
			}
		})
	}
	workers.Wait()
	for i, way := range ways {
		t.Logf("%4d × %s", tally[i].Load(), way.name)
	}
	t.Logf("%d bits were turned round in %d transfers", turned.Load(), count)
	if turned.Load() < count*9/10 {
		t.Errorf("only %d of %d transfers met their flip", turned.Load(), count)
	}
}

func number(t *testing.T, variable string, otherwise int64) int64 {
	t.Helper()
	text := os.Getenv(variable)
	if text == "" {
		return otherwise
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		t.Fatalf("%s is %q: write a number", variable, text)
	}
	return n
}

// A way is where bits are turned round.
type way struct {
	name string
	size int64 // bytes of a file, at most; 0 = a few parts
	run  func(x *flip)
}

const flipPart = 8 << 10

// A flipField is what all flips share: places behind real servers, and an engine.
type flipField struct {
	t       *testing.T
	dir     string
	source  connectors.Place
	engine  *Engine
	servers flipServers
}

func newFlipField(t *testing.T) *flipField {
	t.Helper()
	f := &flipField{t: t, dir: t.TempDir()}
	f.source = openFolder(t, filepath.Join(f.dir, "source"))
	j, err := journal.Open(filepath.Join(f.dir, "journal"), journal.Options{})
	must(t, err)
	t.Cleanup(func() { j.Close() })
	f.engine = f.newEngine(j)
	f.servers = startFlipServers(t)
	return f
}

func (f *flipField) newEngine(j *journal.Journal) *Engine {
	return New(Options{
		Journal: j, PartSize: flipPart, Parallel: 3, Patience: 3 * time.Second, Stall: 2 * time.Second, Jitter: func() float64 { return 0 },
		Scratch: filepath.Join(f.dir, "scratch"), Logger: slog.New(slog.DiscardHandler),
	})
}

// A flip is one transfer and one bit.
type flip struct {
	field *flipField
	t     *testing.T
	n     int64
	way   string
	r     *rand.Rand

	path   string
	data   []byte
	at     int64 // of the file, or of the stream
	allow  int64 // bytes that may be sent again
	bit    int
	turned atomic.Bool
}

func (x *flip) prepare(w way) {
	size := w.size
	if size == 0 {
		size = 4 * flipPart
	}
	x.path = fmt.Sprintf("flip-%d.mxf", x.n)
	x.data = make([]byte, 1+x.r.Int64N(size))
	for i := range x.data {
		x.data[i] = byte(x.r.Uint32())
	}
	x.at, x.bit, x.allow = x.r.Int64N(int64(len(x.data))), x.r.IntN(8), flipPart
	must(x.t, os.WriteFile(filepath.Join(x.field.dir, "source", x.path), x.data, 0o644))
}

func (x *flip) job(to connectors.Sink, verify Verify) Job {
	return Job{
		ID: x.path, Source: Source{Place: x.field.source, Location: "source", Path: x.path}, Verify: verify,
		Destinations: []Destination{{Place: to, Location: x.way, Path: x.path}},
	}
}

// turn turns the bit of a file on the disk.
func (x *flip) turn(file string) {
	f, err := os.OpenFile(file, os.O_RDWR, 0)
	if err != nil {
		return // it was not there yet
	}
	defer f.Close()
	b := make([]byte, 1)
	if _, err := f.ReadAt(b, x.at); err != nil {
		return
	}
	b[0] ^= 1 << x.bit
	_, err = f.WriteAt(b, x.at)
	x.turned.Store(err == nil)
}

// deliver runs the job until it has its receipt, and looks at the disk then.
func (x *flip) deliver(e *Engine, job Job, file string) {
	x.t.Helper()
	var failure error
	for range 4 {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		receipt, err := e.Run(ctx, job)
		cancel()
		if err != nil {
			failure = err
			continue
		}
		got, missing := os.ReadFile(file)
		common, equal := receipt.Digests.Agree(sums(x.t, x.data, connectors.XXH128, connectors.CRC64NVME))
		if missing != nil || !bytes.Equal(got, x.data) || common != 2 || !equal {
			x.t.Errorf("flip %d (%s), byte %d of %d: there is a receipt, and the file is wrong (%v): %+v", x.n, x.way, x.at, len(x.data), missing, receipt)
		}
		if failure == nil && receipt.Copies[0].Resent > x.allow {
			x.t.Errorf("flip %d (%s): %d bytes of %d were sent again for byte %d: %+v", x.n, x.way, receipt.Copies[0].Resent, len(x.data), x.at, receipt.Copies[0])
		}
		_ = os.Remove(file)
		_ = os.Remove(filepath.Join(x.field.dir, "source", x.path))
		return
	}
	x.t.Errorf("flip %d (%s), byte %d: it does not arrive in 4 runs: %v", x.n, x.way, x.at, failure)
}

// whole is deliver where a part cannot be sent again alone: because it was committed,
// because it is the only one, or because a connection was lost with it.
func (x *flip) whole(job Job, file string) {
	x.t.Helper()
	x.allow = 4 * int64(len(x.data))
	x.deliver(x.field.engine, job, file)
}

// once wraps a place so that something happens before or after the first call of some
// kinds. Other calls of these kinds wait for it.
func once(p connectors.Place, before, after func(), ops ...wrap.Op) connectors.Place {
	var first, last sync.Once
	return wrap.Around(p, wrap.Hooks{Call: func(ctx context.Context, c wrap.Call, do func(context.Context) error) error {
		if !slices.Contains(ops, c.Op) {
			return do(ctx)
		}
		if before != nil {
			first.Do(before)
		}
		err := do(ctx)
		if after != nil {
			last.Do(after)
		}
		return err
	}})
}

// ways are all of them.
func (f *flipField) ways() []way {
	s := f.servers
	folder := func(name string) (connectors.Place, string) {
		root := filepath.Join(f.dir, name)
		return openFolder(f.t, root), root
	}
	local, localRoot := folder("local")
	list := []way{
		{name: "while the source is read", run: func(x *flip) {
			job := x.job(local, "")
			job.Expect = sums(x.t, x.data, connectors.SHA1)
			job.Source.Place = &script{Place: f.source, open: misread(x.at, 1)}
			x.turned.Store(true) // every byte is read
			x.deliver(f.engine, job, filepath.Join(localRoot, x.path))
		}},
		{name: "in the part that is written", run: func(x *flip) {
			to := fault.NewScript(fault.Fault{Op: wrap.WritePart, Path: x.path, Nth: 1 + int(x.at/flipPart), Effect: fault.Flip(x.at%flipPart, x.bit)})
			x.deliver(f.engine, x.job(to.Wrap(local), ""), filepath.Join(localRoot, x.path))
			x.turned.Store(len(to.Left()) == 0) // unless the last part came in its place, and is shorter
		}},
		{name: "in a file that is not proved yet", run: func(x *flip) {
			to := &script{Place: once(local, nil, func() { x.turn(filepath.Join(localRoot, x.path)) }, wrap.Commit), unstaged: true}
			x.whole(x.job(to, ""), filepath.Join(localRoot, x.path))
		}},
		{name: "in an object that is not proved yet", size: 20 << 10, run: func(x *flip) {
			file := filepath.Join(s.bucket, x.path)
			x.whole(x.job(once(s.s3, nil, func() { x.turn(file) }, wrap.Commit), VerifyReadback), file)
		}},
		{name: "in a part for S3", size: 20 << 10, run: func(x *flip) {
			to := fault.NewScript(fault.Fault{Op: wrap.WritePart, Path: x.path, Effect: fault.Flip(x.at%flipPart, x.bit)})
			x.whole(x.job(to.Wrap(s.s3), ""), filepath.Join(s.bucket, x.path))
			x.turned.Store(len(to.Left()) == 0)
		}},
		{name: "in the journal", run: f.inJournal},
	}
	for _, stage := range []struct {
		name  string
		place connectors.Place
		root  string
	}{{"local", local, localRoot}, {"OpenSSH", s.ssh, s.sshRoot}, {"ProFTPD by SFTP", s.proSSH, s.proSSHRoot}, {"ProFTPD", s.pro, s.proRoot}, {"vsftpd", s.vs, s.vsRoot}} {
		list = append(list, way{name: "in the stage of " + stage.name, run: func(x *flip) {
			file := filepath.Join(stage.root, x.path)
			turn := func() { x.turn(staged(stage.root, x.path)) }
			to := once(stage.place, turn, nil, wrap.OpenStaged, wrap.HashStaged)
			if x.r.IntN(4) == 0 && len(x.data) > flipPart {
				x.interrupt(stage.place)
				x.at %= flipPart
				turn()
				to = stage.place
			}
			if stage.place.Traits().Sequential && x.at < flipPart {
				x.allow = int64(len(x.data)) // FTP cannot write the beginning of a file again without all of it
			}
			x.deliver(f.engine, x.job(to, ""), file)
		}})
		list = append(list, way{name: "in what was sent to " + stage.name + ", while the rest is", run: func(x *flip) {
			file := filepath.Join(stage.root, x.path)
			if stage.place.Traits().Sequential {
				x.allow = int64(len(x.data))
			}
			x.deliver(f.engine, x.job(x.late(stage.place, stage.root), ""), file)
		}})
	}
	for _, stage := range []struct {
		name  string
		place connectors.Place
		root  string
	}{{"local", local, localRoot}, {"OpenSSH", s.ssh, s.sshRoot}, {"vsftpd", s.vs, s.vsRoot}} {
		list = append(list, way{name: "in a recording that " + stage.name + " has proved already", run: func(x *flip) { f.inRecording(x, stage.place, stage.root) }})
	}
	for _, line := range []struct {
		name string
		link *flipLink
		to   connectors.Place
		from connectors.Place
		root string
		size int64
	}{
		{"to vsftpd", s.vsLink, s.vsFar, nil, s.vsRoot, 0},
		{"to S3", s.s3Link, s.s3Far, nil, s.bucket, 20 << 10},
		{"to OpenSSH", s.sshLink, s.sshFar, nil, s.sshRoot, 0},
		{"from ProFTPD", s.proLink, nil, s.proFar, s.proRoot, 0},
		{"from S3", s.s3Link, nil, s.s3Far, s.bucket, 20 << 10},
		{"from a listing of S3", s.s3Link, nil, s.s3Far, s.bucket, 20 << 10},
	} {
		list = append(list, way{name: "on the wire " + line.name, size: line.size, run: func(x *flip) {
			line.link.mu.Lock() // one at a time, so that it is this one's
			defer line.link.mu.Unlock()
			if line.to != nil {
				line.link.arm(x, true)
				x.whole(x.job(line.to, ""), filepath.Join(line.root, x.path))
			} else {
				must(x.t, os.WriteFile(filepath.Join(line.root, x.path), x.data, 0o644))
				must(x.t, os.Chtimes(filepath.Join(line.root, x.path), time.Time{}, time.Now().Add(-time.Hour))) // it has rested
				job := x.job(local, "")
				if line.link == s.s3Link {
					x.put(s.s3)
				}
				job.Source.Place, job.Source.Location = line.from, "far"
				if strings.Contains(line.name, "listing") {
					job.Source.Seen = x.listed(s.s3)
				}
				line.link.arm(x, false)
				x.whole(job, filepath.Join(localRoot, x.path))
				_ = os.Remove(filepath.Join(line.root, x.path))
			}
			line.link.disarm()
		}})
	}
	return list
}

// late turns the bit before the last part is sent, in one that was sent by then.
func (x *flip) late(to connectors.Place, root string) connectors.Place {
	parts := (len(x.data) + flipPart - 1) / flipPart
	if parts == 1 {
		return once(to, func() { x.turn(staged(root, x.path)) }, nil, wrap.OpenStaged, wrap.HashStaged)
	}
	x.at %= flipPart // it is sent first, and whole before the others have ended
	var begun, ended atomic.Int32
	return &script{Place: to, write: func(ctx context.Context, _ int, p connectors.Part, r io.ReadSeeker, next writer) (connectors.Part, error) {
		if begun.Add(1) == int32(parts) {
			for ended.Load() < int32(parts-1) && ctx.Err() == nil {
				time.Sleep(time.Millisecond)
			}
			x.turn(staged(root, x.path))
		}
		defer ended.Add(1)
		return next(r)
	}}
}

// inRecording turns the bit in what has arrived of a recording and was proved, while the
// rest of it is still being written.
func (f *flipField) inRecording(x *flip, to connectors.Place, root string) {
	source, file := filepath.Join(f.dir, "source", x.path), filepath.Join(root, x.path)
	x.data = content(uint64(x.n), 6*flipPart)
	x.at = x.r.Int64N(2 * flipPart)
	must(x.t, os.WriteFile(source, x.data[:5*flipPart], 0o644))
	job := x.job(to, "")
	job.Growth = growing.Follow(growing.Options{Place: f.source, Path: x.path, Idle: time.Hour, Every: 5 * time.Millisecond})
	go func() {
		for began := time.Now(); time.Since(began) < 20*time.Second; time.Sleep(2 * time.Millisecond) {
			for _, p := range f.engine.Running() {
				if p.Job == job.ID && p.Parts >= 4 && !x.turned.Load() {
					x.turn(staged(root, x.path))
				}
			}
			if x.turned.Load() {
				break
			}
		}
		grown, err := os.OpenFile(source, os.O_RDWR, 0)
		must(x.t, err)
		_, err = grown.WriteAt(x.data[5*flipPart:], 5*flipPart)
		must(x.t, err)
		must(x.t, grown.Close())
		must(x.t, f.engine.Finish(job.ID))
	}()
	x.allow = int64(len(x.data))
	x.deliver(f.engine, job, file)
}

// put lays the file into a store by the store's own hand.
func (x *flip) put(to connectors.Place) {
	x.t.Helper()
	job := x.job(to, "")
	job.ID = "put-" + x.path
	_, err := x.field.engine.Run(context.Background(), job)
	must(x.t, err)
}

// listed gives what a listing tells of the file.
func (x *flip) listed(p connectors.Place) *connectors.Entry {
	x.t.Helper()
	for e, err := range p.List(context.Background(), x.path) {
		must(x.t, err)
		return &e
	}
	x.t.Errorf("flip %d: %s is not listed", x.n, x.path)
	return nil
}

// interrupt has a run of the job end after its first part.
func (x *flip) interrupt(to connectors.Place) {
	stopped := fault.NewScript(fault.Fault{Op: wrap.WritePart, Path: x.path, Nth: 2, Times: -1, Effect: fault.Fail(connectors.Errorf(connectors.KindPermission, "write part", x.path, "as scripted"))})
	job := x.job(stopped.Wrap(to), "")
	if _, err := x.field.engine.Run(context.Background(), job); err == nil {
		x.t.Errorf("flip %d (%s): it was not interrupted", x.n, x.way)
	}
}

// inJournal interrupts a transfer, turns a bit anywhere in the journal's files, and
// goes on with what is left of it.
func (f *flipField) inJournal(x *flip) {
	dir := filepath.Join(f.dir, "journal-of-"+x.path)
	defer os.RemoveAll(dir)
	own := &flipField{t: f.t, dir: f.dir, source: f.source}
	j, err := journal.Open(dir, journal.Options{})
	must(x.t, err)
	own.engine = own.newEngine(j)
	to := openFolder(x.t, filepath.Join(f.dir, "after-journal"))
	y := &flip{field: own, t: x.t, n: x.n, way: x.way, r: x.r, path: x.path, data: x.data, at: x.at, bit: x.bit, allow: int64(len(x.data))}
	if len(x.data) > flipPart {
		y.interrupt(to)
	}
	must(x.t, j.Close())
	files, _ := filepath.Glob(filepath.Join(dir, "*"))
	for !y.turned.Load() { // some files are empty
		file := files[x.r.IntN(len(files))]
		if info, err := os.Stat(file); err == nil && info.Size() > 0 {
			y.at = x.r.Int64N(min(info.Size(), 4096)) // what comes behind is allocated in advance
			y.turn(file)
		}
	}
	x.turned.Store(y.turned.Load())
	j, err = journal.Recover(dir, journal.Options{})
	must(x.t, err)
	defer j.Close()
	y.deliver(own.newEngine(j), y.job(to, ""), filepath.Join(f.dir, "after-journal", x.path))
}

// What a store has checked on arrival can rot before the commit, and the store may
// join the checksums of parts without looking at the bytes: versitygw does. Who does
// not trust a store with its own disk has copies read back.
func TestAPartThatRotsInAStoreIsFoundByReadingBack(t *testing.T) {
	t.Parallel()
	w := theWorld(t)
	at := w.locations[2]
	s := newStage(t, func(o *Options) { o.PartSize = bigPart })
	data := s.file("rotten", 2*bigPart+5)
	x := &flip{at: 12345, bit: 3}
	to := once(w.open(t, at), func() {
		must(t, filepath.WalkDir(w.gateway, func(path string, e os.DirEntry, err error) error {
			if info, failed := os.Stat(path); err == nil && failed == nil && !e.IsDir() && info.Size() == bigPart && !x.turned.Load() && strings.Contains(path, "multipart") {
				x.turn(path)
			}
			return nil
		}))
	}, nil, wrap.Commit)
	job := s.job("rotten", to)
	job.Destinations[0].Path, job.Verify = "in/rotten", VerifyReadback
	c := s.run(job).Copies[0]
	w.delivered(t, at, "rotten", data)
	if !x.turned.Load() || c.Proof != ProofReadback || len(c.Notes) != 1 {
		t.Errorf("turned %v, %+v", x.turned.Load(), c)
	}
}
