package transfer

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"gantry/connectors"
	"gantry/connectors/all"
	"gantry/connectors/servers"
	"gantry/transfer/journal"
	"gantry/transfer/schedule"
)

// BenchmarkUrgentFirstByte is how long it takes from the order of an urgent clip to its
// first byte on the way to a real server, while sixteen bulk files have all slots of that
// place. The promise is 100 ms at the 99th percentile:
//
//	go test -run '^$' -bench UrgentFirstByte -benchtime 100x ./transfer
func BenchmarkUrgentFirstByte(b *testing.B) {
	for name, start := range map[string]func(*testing.B, string) connectors.Location{
		"sftp": func(b *testing.B, dir string) connectors.Location {
			s, err := servers.StartSSHD(b.Context(), filepath.Join(dir, "sshd"))
			check(b, err)
			b.Cleanup(func() { _ = s.Stop() })
			return connectors.Location{URL: s.URL(filepath.Join(dir, "remote")), Options: map[string]string{"identityFile": s.IdentityFile, "knownHosts": s.KnownHosts}}
		},
		"ftp": func(b *testing.B, dir string) connectors.Location {
			s, err := servers.StartVSFTPD(b.Context(), filepath.Join(dir, "vsftpd"), servers.FTPOptions{})
			check(b, err)
			b.Cleanup(func() { _ = s.Stop() })
			b.Setenv("BENCH_PASSWORD", s.Password)
			root := s.Root
			if root == "/" {
				root = ""
			}
			return connectors.Location{URL: s.URL(root), Options: map[string]string{"password": "env:BENCH_PASSWORD"}}
		},
		"s3": func(b *testing.B, dir string) connectors.Location {
			s, err := servers.StartVersityGW(b.Context(), filepath.Join(dir, "gateway"))
			check(b, err)
			b.Cleanup(func() { _ = s.Stop() })
			check(b, s.MakeBucket(b.Context(), "bench"))
			b.Setenv("BENCH_ACCESS", s.AccessKey)
			b.Setenv("BENCH_SECRET", s.SecretKey)
			return connectors.Location{URL: "s3+" + s.Endpoint + "/bench", Options: map[string]string{"accessKey": "env:BENCH_ACCESS", "secretKey": "env:BENCH_SECRET", "region": s.Region}}
		},
	} {
		b.Run(name, func(b *testing.B) {
			dir, err := os.MkdirTemp(os.Getenv("GANTRY_BENCH_DIR"), "urgent")
			check(b, err)
			b.Cleanup(func() { _ = os.RemoveAll(dir) })
			newRush(b, dir, start(b, dir)).measure()
		})
	}
}

func check(b *testing.B, err error) {
	b.Helper()
	if err != nil {
		b.Fatal(err)
	}
}

// A rush is sixteen bulk files that are sent to a place again and again.
type rush struct {
	b        *testing.B
	engine   *Engine
	from, to connectors.Place
}

func newRush(b *testing.B, dir string, l connectors.Location) *rush {
	j, err := journal.Open(filepath.Join(dir, "journal"), journal.Options{})
	check(b, err)
	source := filepath.Join(dir, "source")
	check(b, os.Mkdir(source, 0o755))
	for name, size := range map[string]int64{"bulk": 256 << 20, "clip": 16 << 20} {
		f, err := os.Create(filepath.Join(source, name))
		check(b, err)
		check(b, f.Truncate(size))
		check(b, f.Close())
	}
	r := &rush{b: b, engine: New(Options{Journal: j, Scratch: filepath.Join(dir, "scratch")})}
	r.from, err = all.Open(b.Context(), connectors.Location{URL: "file://" + source})
	check(b, err)
	r.to, err = all.Open(b.Context(), l)
	check(b, err)
	b.Cleanup(func() { r.from.Close(); r.to.Close(); j.Close() })
	return r
}

func (r *rush) job(from, to string, p schedule.Priority, n int) Job {
	return Job{
		ID: fmt.Sprint(to, "-", n), Priority: p, Source: Source{Place: r.from, Location: "here", Path: from},
		Destinations: []Destination{{Place: r.to, Location: "there", Path: to}},
	}
}

func (r *rush) measure() {
	ctx, stop := context.WithCancel(r.b.Context())
	var bulk sync.WaitGroup
	for n := range 16 {
		bulk.Go(func() {
			for run := 0; ctx.Err() == nil; run++ {
				_, err := r.engine.Run(ctx, r.job("bulk", fmt.Sprintf("bulk-%02d", n), schedule.Bulk, run))
				if err != nil && ctx.Err() == nil {
					r.b.Error(err)
					return
				}
			}
		})
	}
	begun := time.Now()
	for busy := false; !busy && time.Since(begun) < 3*time.Second; { // all slots are taken, or each file has one, or all of the memory is
		time.Sleep(10 * time.Millisecond)
		for _, e := range r.engine.o.Scheduler.Stats().Endpoints {
			busy = busy || e.Endpoint == "there" && e.Direction == "write" && (e.Waiting > 0 || e.InUse >= 16)
		}
	}
	var took []time.Duration
	for r.b.Loop() {
		job := r.job("clip", "clip", schedule.Urgent, len(took))
		ordered := time.Now()
		receipt, err := r.engine.Run(ctx, job)
		check(r.b, err)
		took = append(took, receipt.Copies[0].Times.FirstByte.Sub(ordered))
	}
	stop()
	bulk.Wait()
	slices.Sort(took)
	ms := func(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
	r.b.ReportMetric(ms(took[len(took)/2]), "ms/median")
	r.b.ReportMetric(ms(took[(len(took)*99+99)/100-1]), "ms/p99")
	r.b.ReportMetric(ms(took[len(took)-1]), "ms/most")
}
