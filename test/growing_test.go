package test

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"gantry/connectors"
	"gantry/transfer"
	"gantry/transfer/digest"
)

// TestRecordingsArriveWhenTheyEnd has ffmpeg write recordings of 50 Mbit/s in real
// time, and copies each while it grows, to every protocol. The copy is what the file
// is once ffmpeg has closed it, and is there soon after.
//
// GANTRY_GROW sets how long they record (10m), GANTRY_PORTS which protocols they go
// to (s3,sftp). With GANTRY_GROW it tells how long each took from its end to its
// commit.
func TestRecordingsArriveWhenTheyEnd(t *testing.T) {
	t.Parallel()
	length, soak := 3*time.Second, os.Getenv("GANTRY_GROW")
	if soak != "" {
		var err error
		if length, err = time.ParseDuration(soak); err != nil {
			t.Fatalf("GANTRY_GROW is %q: write it like 10m", soak)
		}
	}
	h := newHarbour(t)
	loop := encode(t, t.TempDir())
	for i, p := range h.ports {
		if only := os.Getenv("GANTRY_PORTS"); only != "" && !slices.Contains(strings.Split(only, ","), p.name) {
			continue
		}
		for k, format := range []string{"mxf", "mov"} {
			verify := []string{"edges", "full"}[(i+k)%2]
			t.Run(p.name+" "+format+" "+verify, func(t *testing.T) {
				t.Parallel()
				name := filepath.Join(t.TempDir(), "take."+format)
				recorder := exec.Command("ffmpeg", "-nostdin", "-v", "error", "-re", "-stream_loop", "-1", "-i", loop, "-t", fmt.Sprint(length.Seconds()), "-c", "copy", "-f", format, name)
				problems := &strings.Builder{}
				recorder.Stderr = problems
				h.must(recorder.Start())
				awaitFile(t, name)
				copying := h.follow(t, p, name, verify)
				if err := recorder.Wait(); err != nil {
					t.Fatalf("ffmpeg: %v\n%s", err, problems)
				}
				closed := time.Now()
				receipt := copying.wait()
				copying.equals(receipt)
				c, g := receipt.Copies[0], receipt.Growth
				after := func(at time.Time) float64 { return at.Sub(closed).Seconds() }
				t.Logf("%s: noticed %.2f s after its end (%s), all sent after %.2f s, committed after %.2f s; %d MiB, %.2f %% sent again, %d parts mended", t.Name(),
					after(g.Closed), g.Rule, after(c.Times.Sent), after(c.Times.Committed), receipt.Size>>20, 100*float64(c.Resent)/float64(receipt.Size), g.Mended)
			})
		}
	}
}

// TestAGrowingCopyIsKilled kills the program at any moment while a recording grows:
// the next run goes on with what was accepted.
func TestAGrowingCopyIsKilled(t *testing.T) {
	t.Parallel()
	kills, seed := number(t, "GANTRY_GROW_KILLS", 2), number(t, "GANTRY_SEED", int(time.Now().UnixNano()%1e6))
	t.Logf("GANTRY_GROW_KILLS=%d GANTRY_SEED=%d", kills, seed)
	h := newHarbour(t)
	loop := encode(t, t.TempDir())
	for i, p := range h.ports {
		t.Run(p.name, func(t *testing.T) {
			t.Parallel()
			random := rand.New(rand.NewPCG(uint64(seed), uint64(i)))
			format, verify := []string{"mxf", "mov"}[i%2], []string{"edges", "full"}[i/2%2]
			r := rewrap(t, loop, format)
			go r.write(12 << 20)
			awaitFile(t, r.name)
			copying := h.follow(t, p, r.name, verify)
			for range kills {
				select {
				case <-time.After(time.Duration(300+random.IntN(800)) * time.Millisecond):
				case <-copying.done:
				}
				_ = copying.cmd.Process.Kill()
				copying = copying.again()
			}
			<-r.ended
			receipt := copying.wait()
			copying.equals(receipt)
			if c := receipt.Copies[0]; receipt.Growth != nil && c.SentBytes-c.Resent+int64(c.Resumed)*(5<<20) < receipt.Size {
				t.Errorf("%d parts were resumed, and %d bytes sent of %d", c.Resumed, c.SentBytes, receipt.Size)
			}
			t.Logf("%s: resumed %d of %d parts, sent %d of %d MiB in the last of %d runs", p.name, receipt.Copies[0].Resumed, receipt.Copies[0].Parts, receipt.Copies[0].SentBytes>>20, receipt.Size>>20, kills+1)
		})
	}
}

// encode makes a few seconds of video of 50 Mbit/s.
func encode(t *testing.T, dir string) string {
	t.Helper()
	name := filepath.Join(dir, "loop.mxf")
	tool(t, "ffmpeg", "-nostdin", "-v", "error", "-f", "lavfi", "-i", "testsrc2=size=640x360:rate=25,noise=alls=60:allf=t+u", "-t", "2",
		"-c:v", "mpeg2video", "-b:v", "50M", "-minrate", "50M", "-maxrate", "50M", "-bufsize", "20M", "-g", "12", "-f", "mxf", name)
	return name
}

func tool(t *testing.T, name string, args ...string) {
	t.Helper()
	if _, err := exec.LookPath(name); err != nil {
		t.Fatalf("%s is not installed: apt-get install %s", name, name)
	}
	if out, err := exec.Command(name, args...).CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", name, err, out)
	}
}

func awaitFile(t testing.TB, name string) {
	t.Helper()
	for began := time.Now(); ; time.Sleep(5 * time.Millisecond) {
		if info, err := os.Stat(name); err == nil && info.Size() > 0 {
			return
		}
		if time.Since(began) > 30*time.Second {
			t.Fatalf("%s is never written", name)
		}
	}
}

// A rewrapped recording is written as a muxer does, at any rate: first with what it
// does not know yet left empty, and that mended at the end.
type rewrapped struct {
	t     *testing.T
	name  string
	final []byte
	later [][2]int // from, to: what is mended
	ended chan struct{}
}

func rewrap(t *testing.T, loop, format string) *rewrapped {
	t.Helper()
	name := filepath.Join(t.TempDir(), "whole."+format)
	tool(t, "ffmpeg", "-nostdin", "-v", "error", "-stream_loop", "-1", "-i", loop, "-t", "6", "-c", "copy", "-f", format, name)
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	r := &rewrapped{t: t, name: filepath.Join(filepath.Dir(name), "take."+format), final: data, ended: make(chan struct{}), later: [][2]int{{20, 4000}}}
	if format == "mxf" {
		for at := 0; ; at++ {
			found := bytes.Index(data[at:], []byte{6, 14, 43, 52, 2, 5, 1, 1, 13, 1, 2, 1, 1, 3})
			if found < 0 {
				break
			}
			at += found
			r.later = append(r.later, [2]int{at + 44, at + 52})
		}
		if len(r.later) < 2 || binary.BigEndian.Uint64(data[r.later[1][0]:]) == 0 {
			t.Fatalf("ffmpeg mends no partitions any more: %v", r.later)
		}
	}
	return r
}

// write takes so many bytes a second.
func (r *rewrapped) write(rate int) {
	defer close(r.ended)
	early := slices.Clone(r.final)
	for _, span := range r.later {
		clear(early[span[0]:span[1]])
	}
	f, err := os.Create(r.name)
	if err != nil {
		r.t.Error(err)
		return
	}
	defer f.Close()
	const tick = 20 * time.Millisecond
	for at := 0; at < len(early) && err == nil; at += rate / 50 {
		_, err = f.Write(early[at:min(len(early), at+rate/50)])
		time.Sleep(tick) // it is a recording
	}
	for _, span := range r.later {
		if err == nil {
			_, err = f.WriteAt(r.final[span[0]:span[1]], int64(span[0]))
		}
	}
	if err != nil {
		r.t.Error(err)
	}
}

// A following is the command that copies a growing file.
type following struct {
	t            testing.TB
	h            *harbour
	p            *port
	name, verify string   // the file on this machine, and what is compared at its end
	from         string   // the same as it is copied
	fromOptions  []string // of its place
	to, state    string
	cmd          *exec.Cmd
	out, errs    *bytes.Buffer
	done         chan struct{}
}

func (h *harbour) follow(t testing.TB, p *port, name, verify string) *following {
	t.Helper()
	return h.followFrom(t, name, nil, p, name, verify)
}

// followFrom follows a file of another place, which is called name on this machine.
func (h *harbour) followFrom(t testing.TB, from string, options []string, p *port, name, verify string) *following {
	t.Helper()
	f := &following{t: t, h: h, p: p, name: name, from: from, fromOptions: options, verify: verify, state: t.TempDir()}
	f.to = fmt.Sprintf("in/clip-%x%s", rand.Uint32(), filepath.Ext(name))
	return f.again()
}

// again starts the same command once more.
func (f *following) again() *following {
	f.t.Helper()
	if f.cmd != nil {
		<-f.done
	}
	n := *f
	args := []string{"copy", f.from, f.p.url + "/" + f.to, "--growing", "--growing-verify", f.verify, "--growing-idle", "2s", "-o", "json"}
	for _, o := range f.fromOptions {
		args = append(args, "--src-option", o)
	}
	for _, o := range f.p.options {
		args = append(args, "--dst-option", o)
	}
	n.out, n.errs, n.done = &bytes.Buffer{}, &bytes.Buffer{}, make(chan struct{})
	n.cmd = exec.Command(program, args...)
	n.cmd.Stdout, n.cmd.Stderr = n.out, n.errs
	n.cmd.Env = append(os.Environ(), "XDG_STATE_HOME="+f.state, "XDG_CACHE_HOME="+filepath.Join(f.state, "cache"))
	f.h.must(n.cmd.Start())
	go func() { defer close(n.done); awaitEnd(n.cmd.Process.Pid) }()
	return &n
}

func (f *following) wait() transfer.Receipt {
	f.t.Helper()
	select {
	case <-f.done:
	case <-time.After(2 * time.Minute):
		_ = f.cmd.Process.Kill()
	}
	if err := f.cmd.Wait(); err != nil {
		f.t.Fatalf("gantry copy: %v\n%s%s", err, f.out, f.errs)
	}
	var report struct {
		Results []struct{ Receipt *transfer.Receipt }
	}
	if err := json.Unmarshal(f.out.Bytes(), &report); err != nil || len(report.Results) != 1 || report.Results[0].Receipt == nil {
		f.t.Fatalf("no receipt: %v\n%s%s", err, f.out, f.errs)
	}
	return *report.Results[0].Receipt
}

// equals compares the copy with the file as it is now.
func (f *following) equals(r transfer.Receipt) {
	f.t.Helper()
	source, copied := sumsOf(f.t, f.name), sumsOf(f.t, f.p.file(f.to))
	if fmt.Sprint(source) != fmt.Sprint(copied) {
		f.t.Errorf("the copy has the digests %v, and the closed file has %v", copied, source)
	}
	if common, equal := source.Agree(r.Digests); common == 0 || !equal {
		f.t.Errorf("the receipt has %v, and the closed file %v", r.Digests, source)
	}
	if f.verify == "full" && r.Digests[connectors.XXH128] == "" {
		f.t.Errorf("the receipt has no xxh128: %v", r.Digests)
	}
	proof := transfer.ProofReadback
	if f.p.object {
		proof = transfer.ProofNative
	}
	if r.Copies[0].Proof != proof {
		f.t.Errorf("it is proved by %s", r.Copies[0].Proof)
	}
}

func sumsOf(t testing.TB, name string) connectors.Digests {
	t.Helper()
	file, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	sums, _, err := digest.Read(file, connectors.XXH128, connectors.CRC64NVME)
	if err != nil {
		t.Fatal(err)
	}
	return sums
}
