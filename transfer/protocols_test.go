package transfer

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"gantry/connectors"
	"gantry/connectors/all"
	"gantry/connectors/aspera/asperatest"
	"gantry/connectors/connectortest"
	"gantry/connectors/servers"
	"gantry/transfer/journal"
)

const (
	mib       = 1 << 20
	bigPart   = 5 * mib // the smallest that S3 takes
	inFlight  = 3
	childSpec = "GANTRY_TEST_TRANSFER"
)

// TestMain lets the test binary be the process that is killed, or a program that
// plays ascp.
func TestMain(m *testing.M) {
	asperatest.Main()
	if dir := os.Getenv(senderVariable); dir != "" {
		sendUntilKilled(dir)
	}
	if spec := os.Getenv(childSpec); spec != "" {
		if err := runChild(spec); err != nil {
			fmt.Println("failed:", err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	if spec := os.Getenv(poweredSpec); spec != "" {
		var p powered
		err := json.Unmarshal([]byte(spec), &p)
		if err == nil {
			err = p.run()
		}
		fmt.Println("failed:", err)
		os.Exit(1)
	}
	connectortest.SideBySide(6)
	code := m.Run()
	if built {
		if w, err := build(); err == nil {
			w.end()
		}
	}
	os.Exit(code)
}

// A child is a process that runs one job and tells each step before and after.
type child struct {
	Journal, SourceDir, Name string
	To                       []connectors.Location
	Sends                    int // parts, and then waits to be killed; 0 = all
}

func runChild(spec string) error {
	var c child
	if err := json.Unmarshal([]byte(spec), &c); err != nil {
		return err
	}
	j, err := journal.Open(c.Journal, journal.Options{})
	if err != nil {
		return err
	}
	defer j.Close()
	job, err := c.job(context.Background())
	if err != nil {
		return err
	}
	_, err = c.engine(j).Run(context.Background(), job)
	return err
}

func (c child) engine(j *journal.Journal) *Engine {
	return New(Options{
		Journal: j, PartSize: bigPart, Parallel: inFlight, Patience: 10 * time.Second, Dockets: filepath.Join(filepath.Dir(c.Journal), "uploads"),
		Sleep: func(ctx context.Context, d time.Duration) error {
			if d == look {
				return nil
			}
			return sleep(ctx, d)
		},
		Logger: slog.New(slog.NewTextHandler(telltale{}, nil)),
	})
}

func (c child) job(ctx context.Context) (Job, error) {
	source, err := all.Open(ctx, connectors.Location{URL: "file://" + c.SourceDir})
	job := Job{ID: c.Name, Source: Source{Place: source, Location: "source", Path: c.Name}}
	for _, l := range c.To {
		place, opened := all.Open(ctx, l)
		if opened != nil {
			return job, opened
		}
		job.Destinations = append(job.Destinations, Destination{Place: c.telling(place), Location: l.Name, Path: "in/" + c.Name})
	}
	return job, err
}

// telltale tells what is logged.
type telltale struct{}

func (telltale) Write(p []byte) (int, error) {
	tell("%s", bytes.TrimSpace(p))
	return len(p), nil
}

var stdout sync.Mutex

func tell(format string, args ...any) {
	stdout.Lock()
	defer stdout.Unlock()
	fmt.Printf(format+"\n", args...)
}

func (c child) telling(p connectors.Place) connectors.Place {
	return &script{
		Place: p,
		write: func(ctx context.Context, call int, p connectors.Part, r io.ReadSeeker, next writer) (connectors.Part, error) {
			if c.Sends > 0 && call > c.Sends {
				<-ctx.Done()
			}
			tell("write %d", p.Number)
			defer tell("wrote %d", p.Number)
			return next(r)
		},
		commit: func(_ int, next func() (connectors.Entry, error)) (connectors.Entry, error) {
			tell("commit")
			defer tell("committed")
			return next()
		},
	}
}

// runAndKill starts the child and kills it some steps later. It returns how many
// parts it began to write, how many commits it left open, and whether it came to
// its end.
func (c child) runAndKill(t *testing.T, steps int) (writes, committing int, ended bool) {
	t.Helper()
	spec, err := json.Marshal(c)
	must(t, err)
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childSpec+"="+string(spec))
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	must(t, err)
	must(t, cmd.Start())
	lines := bufio.NewScanner(out)
	var told []string
	defer func() {
		t.Logf("a child of %s was to be killed after step %d: %s", c.Name, steps, strings.Join(told, ", "))
	}()
	for n := 1; lines.Scan(); n++ {
		told = append(told, lines.Text())
		switch line := lines.Text(); {
		case strings.HasPrefix(line, "failed"):
			t.Error(line)
		case strings.HasPrefix(line, "write "):
			writes++
		case line == "commit":
			committing++
		case line == "committed":
			committing--
		}
		if n == steps {
			time.Sleep(time.Duration(rand.IntN(8000)) * time.Microsecond)
			_ = cmd.Process.Kill()
		}
	}
	return writes, committing, cmd.Wait() == nil
}

// A world is one place of each protocol, behind real servers.
type world struct {
	locations []connectors.Location
	gateway   string // folder with the buckets
	end       func()
}

var built bool

var build = sync.OnceValues(func() (*world, error) {
	built = true
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "gantry-transfer")
	if err != nil {
		return nil, err
	}
	sshd, err := servers.StartSSHD(ctx, filepath.Join(dir, "sshd"))
	if err != nil {
		return nil, err
	}
	gateway, err := servers.StartVersityGW(ctx, filepath.Join(dir, "gateway"))
	if err != nil {
		return nil, err
	}
	for _, bucket := range []string{"one", "two"} {
		if err := gateway.MakeBucket(ctx, bucket); err != nil {
			return nil, err
		}
	}
	os.Setenv("TEST_ACCESS_KEY", gateway.AccessKey)
	os.Setenv("TEST_SECRET_KEY", gateway.SecretKey)
	keys := map[string]string{
		"endpoint": gateway.Endpoint, "region": gateway.Region, "accessKey": "env:TEST_ACCESS_KEY", "secretKey": "env:TEST_SECRET_KEY",
	}
	compatible := map[string]string{"accessKey": keys["accessKey"], "secretKey": keys["secretKey"], "region": gateway.Region}
	end := func() {
		_ = sshd.Stop()
		_ = gateway.Stop()
		_ = os.RemoveAll(dir)
	}
	return &world{end: end, gateway: gateway.Root, locations: []connectors.Location{
		{Name: "local", URL: "file://" + filepath.Join(dir, "local")},
		{Name: "sftp", URL: sshd.URL(filepath.Join(dir, "remote")), Options: map[string]string{"identityFile": sshd.IdentityFile, "knownHosts": sshd.KnownHosts}},
		{Name: "s3", URL: "s3://one", Options: keys},
		{Name: "s3compat", URL: "s3+" + gateway.Endpoint + "/two", Options: compatible},
	}}, nil
})

func theWorld(t *testing.T) *world {
	t.Helper()
	w, err := build()
	must(t, err)
	return w
}

func (w *world) open(t *testing.T, l connectors.Location) connectors.Place {
	t.Helper()
	p, err := all.Open(context.Background(), l)
	must(t, err)
	t.Cleanup(func() { p.Close() })
	return p
}

// delivered says that a place has exactly this one file below in/ for a name.
func (w *world) delivered(t *testing.T, l connectors.Location, name string, data []byte) {
	t.Helper()
	p := w.open(t, l)
	r, err := p.Open(t.Context(), "in/"+name, 0, -1)
	must(t, err)
	defer r.Close()
	got, err := io.ReadAll(r)
	if err != nil || !bytes.Equal(got, data) {
		t.Fatalf("%s has %d bytes that are not the %d wanted (%v)", l.Name, len(got), len(data), err)
	}
	n := 0
	for e, err := range p.List(t.Context(), "") {
		must(t, err)
		if strings.Contains(e.Path, name) {
			n++
		}
	}
	if n != 1 {
		t.Fatalf("%s has %d files of that name", l.Name, n)
	}
}

func proofOn(protocol string) Proof {
	if strings.HasPrefix(protocol, "s3") {
		return ProofNative
	}
	return ProofReadback
}

// The promise: after kill -9 at any instant, at most the parts in flight are sent
// again, on every protocol, and there is one right file in the end.
func TestKillAtAnyInstant(t *testing.T) {
	t.Parallel()
	w := theWorld(t)
	for _, l := range w.locations {
		t.Run(l.Name, func(t *testing.T) {
			t.Parallel()
			for round := range 3 {
				killed(t, w, fmt.Sprintf("%s-%d.mxf", l.Name, round), l)
			}
		})
	}
	t.Run("all at once", func(t *testing.T) {
		t.Parallel()
		killed(t, w, "fan-out.mxf", w.locations...)
	})
}

func killed(t *testing.T, w *world, name string, to ...connectors.Location) {
	t.Helper()
	dir := t.TempDir()
	const parts = 7
	data := content(uint64(len(name)), 6*bigPart+12345)
	must(t, os.WriteFile(filepath.Join(dir, name), data, 0o644))
	c := child{Journal: filepath.Join(dir, "journal"), SourceDir: dir, Name: name, To: to}
	writes, kills, commits := 0, 0, 0
	for kills < 3 {
		steps := 1 + rand.IntN((2*parts+2)*len(to)/2+1)
		n, committing, ended := c.runAndKill(t, steps)
		writes += n
		commits += committing
		if ended {
			break
		}
		kills++
	}

	j, err := journal.Open(c.Journal, journal.Options{})
	must(t, err)
	defer j.Close()
	job, err := c.job(t.Context())
	must(t, err)
	for _, d := range job.Destinations {
		d.Place.(*script).write, d.Place.(*script).commit = nil, nil // they tell nothing now
	}
	receipt, err := c.engine(j).Run(t.Context(), job)
	must(t, err)
	for _, d := range job.Destinations {
		writes += int(d.Place.(*script).writes.Load())
	}
	for _, copied := range receipt.Copies {
		if copied.Proof != proofOn(copied.Location) {
			t.Errorf("%s: proof %s", copied.Location, copied.Proof)
		}
	}
	for _, l := range to {
		w.delivered(t, l, name, data)
	}
	// After a kill in the middle of a commit, the place may be busy joining the parts
	// for longer than anybody waits: then all of that copy is sent again.
	if most := parts*len(to) + kills*inFlight*len(to) + commits*parts; writes > most {
		t.Errorf("%d parts were sent, %d kills allow %d", writes, kills, most)
	}
	t.Logf("%s: %d kills, %d writes of %d parts", name, kills, writes, parts*len(to))
	for job, err := range j.Jobs() {
		must(t, err)
		t.Errorf("the journal still has %s", job.ID)
	}
}

func TestFanOutToAllProtocolsAndBack(t *testing.T) {
	t.Parallel()
	w := theWorld(t)
	for _, size := range []int{0, 1000, 2*bigPart + 77} {
		t.Run(fmt.Sprint(size), func(t *testing.T) {
			s := newStage(t, func(o *Options) { o.PartSize = bigPart })
			name := fmt.Sprintf("fan-%d.mov", size)
			data := s.file("in/"+name, size)
			job := Job{ID: name, Source: Source{Place: s.source, Location: "source", Path: "in/" + name}}
			for _, l := range w.locations {
				job.Destinations = append(job.Destinations, Destination{Place: w.open(t, l), Location: l.Name, Path: "in/" + name})
			}
			receipt := s.run(job)
			for i, l := range w.locations {
				w.delivered(t, l, name, data)
				c := receipt.Copies[i]
				if c.Location != l.Name || c.Proof != proofOn(l.Name) || c.SentBytes != int64(size) {
					t.Errorf("got %+v", c)
				}
			}
			again := s.run(job)
			if !again.Finished.Equal(receipt.Finished) {
				t.Error("the second run was not answered by the receipt")
			}
			// And from each of them back to a folder.
			for _, l := range w.locations {
				back := s.job("in/"+name, s.folder("back-"+l.Name))
				back.ID, back.Source = "back-"+l.Name, Source{Place: w.open(t, l), Location: l.Name, Path: "in/" + name}
				back.Expect = receipt.Digests
				s.run(back)
				s.holds("back-"+l.Name, "in/"+name, data)
			}
		})
	}
}

// A journal that was rolled back does not know of parts that the store has, but
// the store tells their digests.
func TestPartsThatOnlyTheStoreKnowsAreTakenOver(t *testing.T) {
	t.Parallel()
	w := theWorld(t)
	for _, l := range w.locations[2:] {
		t.Run(l.Name, func(t *testing.T) {
			s := newStage(t, func(o *Options) { o.PartSize = bigPart; o.Parallel = 1 })
			name := "rolled-back-" + l.Name
			data := s.file(name, 3*bigPart)
			to := &script{Place: w.open(t, l)}
			to.write = func(_ context.Context, call int, _ connectors.Part, r io.ReadSeeker, next writer) (connectors.Part, error) {
				p, err := next(r)
				if call == 2 && err == nil {
					err = connectors.Errorf(connectors.KindPermission, "write part", name, "the reply is lost for good")
				}
				return p, err
			}
			job := s.job(name, to)
			job.Destinations[0].Path = "in/" + name
			s.fails(job, connectors.KindPermission)
			to.write = nil
			if c := s.run(job).Copies[0]; c.Resumed != 2 || c.SentBytes != bigPart {
				t.Errorf("got %+v", c)
			}
			w.delivered(t, l, name, data)
		})
	}
}

func TestAbandonRemovesTheUploadFromEveryProtocol(t *testing.T) {
	t.Parallel()
	w := theWorld(t)
	for _, l := range w.locations {
		t.Run(l.Name, func(t *testing.T) {
			s := newStage(t, func(o *Options) { o.PartSize = bigPart })
			s.file("abandoned", 3*bigPart)
			place := w.open(t, l)
			job := s.job("abandoned", &script{Place: place, write: failFrom(2, connectors.KindPermission)})
			s.fails(job, connectors.KindPermission)
			record, err := s.journal.Record(job.ID)
			must(t, err)
			id := record.Uploads[job.Destinations[0].target()].ID
			must(t, s.engine.Abandon(s.ctx, job.ID, job.Destinations))
			_, err = place.Begin(s.ctx, "abandoned", connectors.UploadOptions{Size: 3 * bigPart, Resume: id})
			if connectors.KindOf(err) != connectors.KindNotFound {
				t.Errorf("the upload is still there: %v", err)
			}
		})
	}
}
