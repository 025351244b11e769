package transfer

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"strconv"
	"sync"
	"testing"
	"time"

	"gantry/connectors"
	"gantry/connectors/wrap/throttle"
	"gantry/transfer/schedule"
)

// BenchmarkQueuedJobs is the resident memory of a process with a thousand jobs of a
// gigabyte each, at the budget that an engine has by itself, while the first of them move
// to a place that is slower than their source:
//
//	go test -run '^$' -bench QueuedJobs -benchtime 1x ./transfer
func BenchmarkQueuedJobs(b *testing.B) {
	dir, err := os.MkdirTemp(os.Getenv("GANTRY_BENCH_DIR"), "queued")
	check(b, err)
	b.Cleanup(func() { _ = os.RemoveAll(dir) })
	check(b, os.Mkdir(dir+"/to", 0o755))
	r := newRush(b, dir, connectors.Location{URL: "file://" + dir + "/to"})
	check(b, os.Truncate(dir+"/source/bulk", 1<<30))
	r.engine.o.Scheduler.Limit(schedule.OfEndpoint("there"), throttle.Always(throttle.Rate{Up: 200 << 20, Down: 200 << 20}))
	for b.Loop() {
		ctx, stop := context.WithCancel(b.Context())
		var all sync.WaitGroup
		for n := range 1000 {
			all.Go(func() { _, _ = r.engine.Run(ctx, r.job("bulk", fmt.Sprintf("bulk-%04d", n), schedule.Normal, n)) })
		}
		for most, end := 0, time.Now().Add(10*time.Second); time.Now().Before(end); time.Sleep(100 * time.Millisecond) {
			most = max(most, resident(b))
			b.ReportMetric(float64(most)/1024, "MiB-resident")
		}
		stop()
		all.Wait()
	}
}

// resident is the memory of this process in KiB.
func resident(b *testing.B) int {
	data, err := os.ReadFile("/proc/self/status")
	check(b, err)
	_, rest, _ := bytes.Cut(data, []byte("VmRSS:"))
	line, _, _ := bytes.Cut(rest, []byte(" kB"))
	kib, err := strconv.Atoi(string(bytes.TrimSpace(line)))
	check(b, err)
	return kib
}
