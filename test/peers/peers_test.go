package peers

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"
)

// BenchmarkLargeFile moves one file. GANTRY_BENCH_MIB sets its size (default 512),
// GANTRY_BENCH_DIR where the files are (default /dev/shm, else a temporary folder).
// A peer that is not installed is skipped.
func BenchmarkLargeFile(b *testing.B) {
	w := newWorld(b)
	for _, c := range w.contests(b) {
		b.Run(c.name, func(b *testing.B) {
			best := 0.0
			for _, client := range c.clients {
				b.Run(client.name, func(b *testing.B) {
					rate := w.time(b, c, client)
					if client.name != "gantry" {
						best = max(best, rate)
						return
					}
					if best > 0 {
						b.ReportMetric(rate/best, "×best-peer")
					}
				})
			}
		})
	}
}

// A contest is one way for a file, with all who can go it; Gantry is the last.
type contest struct {
	name    string
	target  string // on this machine; removed before each run, and compared after it
	clients []client
}

type client struct {
	name string
	argv []string
	env  []string
}

type world struct {
	dir, source string
	size        int64
	gantry      string
}

func newWorld(b *testing.B) *world {
	b.Helper()
	w := &world{dir: os.Getenv("GANTRY_BENCH_DIR"), size: 512 << 20}
	if mib, err := strconv.ParseInt(os.Getenv("GANTRY_BENCH_MIB"), 10, 64); err == nil {
		w.size = mib << 20
	}
	parent := w.dir
	if _, err := os.Stat("/dev/shm"); parent == "" && err == nil {
		parent = "/dev/shm"
	}
	var err error
	if w.dir, err = os.MkdirTemp(parent, "gantry-peers-"); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = os.RemoveAll(w.dir) })
	w.source = filepath.Join(w.dir, "source.mxf")
	fill(b, w.source, w.size)
	w.gantry = filepath.Join(w.dir, "gantry")
	build := exec.CommandContext(b.Context(), "go", "build", "-trimpath", "-o", w.gantry, "gantry/cmd/gantry")
	if out, err := build.CombinedOutput(); err != nil {
		b.Fatalf("%v: %s", err, out)
	}
	return w
}

// time runs a client b.N times and reports its rate, which is returned in MiB/s.
func (w *world) time(b *testing.B, c contest, who client) float64 {
	bin, err := exec.LookPath(who.argv[0])
	if err != nil {
		b.Skipf("%s is not installed", who.argv[0])
	}
	var wall, cpu time.Duration
	var resident int64
	for b.Loop() {
		b.StopTimer()
		_ = os.RemoveAll(c.target)
		limit, cancel := context.WithTimeout(context.WithoutCancel(b.Context()), time.Minute)
		cmd := exec.CommandContext(limit, bin, who.argv[1:]...)
		// Nobody's own settings change what is measured.
		cmd.Env = append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + w.dir}, who.env...)
		b.StartTimer()
		began := time.Now()
		out, err := cmd.CombinedOutput()
		wall += time.Since(began)
		b.StopTimer()
		cancel()
		if err != nil && who.name != "gantry" {
			b.Skipf("%s does not manage it here: %v: %s", who.name, err, out)
		}
		if err != nil {
			b.Fatalf("%v: %s", err, out)
		}
		if info, err := os.Stat(c.target); err != nil || info.Size() != w.size {
			b.Fatalf("%s is not what was to come out: %v, %v; %s", c.target, info, err, out)
		}
		cpu += cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
		if usage, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok {
			resident = max(resident, usage.Maxrss)
		}
		b.StartTimer()
	}
	moved := float64(w.size) * float64(b.N)
	rate := moved / (1 << 20) / wall.Seconds()
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(rate, "MiB/s")
	b.ReportMetric(cpu.Seconds()/(moved/(1<<30)), "cpu-s/GiB")
	b.ReportMetric(float64(resident)/1024, "MiB-RSS")
	return rate
}

// fill writes content that no link compresses.
func fill(b *testing.B, name string, size int64) {
	b.Helper()
	f, err := os.Create(name)
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	if err := noise(f, size); err != nil {
		b.Fatal(err)
	}
}
