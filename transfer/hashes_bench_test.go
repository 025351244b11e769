package transfer

import (
	"context"
	"fmt"
	"io"
	"syscall"
	"testing"
	"time"

	"gantry/connectors"
	"gantry/transfer/chunk"
)

// BenchmarkReading reads a source of zeros, for the digests that are wanted, with
// nobody to send it to. It tells what the engine and the digests cost together, and
// by the speed that the slowest digest holds up the others no more than it must.
func BenchmarkReading(b *testing.B) {
	const size = 512 << 20
	for _, more := range [][]connectors.Algorithm{nil, {connectors.MD5}, {connectors.SHA256}, {connectors.MD5, connectors.SHA1, connectors.SHA256}} {
		b.Run(fmt.Sprint(more), func(b *testing.B) {
			e := New(Options{})
			plan, err := chunk.New(size, e.o.PartSize)
			if err != nil {
				b.Fatal(err)
			}
			b.SetBytes(size)
			before := processor()
			for b.Loop() {
				r := &run{e: e, job: Job{Source: Source{Place: desert{}}, Digests: more}, source: connectors.Entry{Size: size}}
				r.planned.Store(&plan)
				r.share = r.newShare()
				if _, err := r.read(b.Context()); err != nil {
					b.Fatal(err)
				}
				r.share.end()
			}
			b.ReportMetric((processor()-before).Seconds()/float64(b.N)/(float64(size)/(1<<30)), "CPU-s/GiB")
		})
	}
}

// A desert is a source of zeros.
type desert struct{ connectors.Source }

func (desert) Stat(context.Context, string) (connectors.Entry, error) {
	return connectors.Entry{Size: 512 << 20}, nil
}

func (desert) Open(_ context.Context, _ string, _, length int64) (io.ReadCloser, error) {
	return io.NopCloser(io.LimitReader(sand{}, length)), nil
}

type sand struct{}

func (sand) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

// processor is the time that this process has spent computing.
func processor() time.Duration {
	var used syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &used)
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}
