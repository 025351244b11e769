package objectstore_test

import (
	"bytes"
	"context"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"syscall"
	"testing"
	"time"

	"github.com/minio/crc64nvme"
	"golang.org/x/sync/errgroup"

	"gantry/connectors"
	"gantry/connectors/servers/nulls3"
)

func TestMain(m *testing.M) {
	if nulls3.ServeIfAsked() {
		return
	}
	os.Exit(m.Run())
}

// BenchmarkUpload sends objects of 1 GiB in parts of 32 MiB, four at a time, with
// checksums that are known, to a store that costs nothing. cpu-s/GiB is what this process
// uses.
func BenchmarkUpload(b *testing.B) {
	const size, part = 1 << 30, 32 << 20
	data := make([]byte, part)
	copy(data, "not all zeros")
	whole := connectors.Whole{Size: size}
	for n := range size / part {
		whole.Parts = append(whole.Parts, connectors.Part{Number: n + 1, Offset: int64(n) * part, Size: part, Digests: crc(data)})
	}
	h := crc64nvme.New()
	for range whole.Parts {
		_, _ = h.Write(data)
	}
	whole.Digests = connectors.Digests{connectors.CRC64NVME: hex.EncodeToString(h.Sum(nil))}
	measure(b, size, func(ctx context.Context, p connectors.Place) error {
		up, err := p.Begin(ctx, "clip.mxf", connectors.UploadOptions{Size: size})
		if err != nil {
			return err
		}
		w := whole
		w.Parts = make([]connectors.Part, len(whole.Parts))
		group, ctx := errgroup.WithContext(ctx)
		group.SetLimit(4)
		for i, part := range whole.Parts {
			group.Go(func() (err error) {
				w.Parts[i], err = up.WritePart(ctx, part, bytes.NewReader(data))
				return err
			})
		}
		if err := group.Wait(); err != nil {
			return err
		}
		_, err = up.Commit(b.Context(), w)
		return err
	})
}

// BenchmarkDownload reads an object of 1 GiB in ranges of 32 MiB, four at a time.
func BenchmarkDownload(b *testing.B) {
	const size, part = 1 << 30, 32 << 20
	measure(b, size, func(ctx context.Context, p connectors.Place) error {
		if _, err := p.Stat(ctx, "zeros"); err != nil {
			if err := putZeros(ctx, p, size, part); err != nil {
				return err
			}
		}
		group, ctx := errgroup.WithContext(ctx)
		group.SetLimit(4)
		for offset := int64(0); offset < size; offset += part {
			group.Go(func() error {
				r, err := p.Open(ctx, "zeros", offset, part)
				if err != nil {
					return err
				}
				defer r.Close()
				n, err := io.CopyBuffer(onlyWriter{io.Discard}, r, make([]byte, 1<<20))
				if n != part {
					return fmt.Errorf("%d bytes, %w", n, err)
				}
				return err
			})
		}
		return group.Wait()
	})
}

func putZeros(ctx context.Context, p connectors.Place, size, part int64) error {
	up, err := p.Begin(ctx, "zeros", connectors.UploadOptions{Size: size})
	if err != nil {
		return err
	}
	w := connectors.Whole{Size: size}
	data := make([]byte, part)
	for offset := int64(0); offset < size; offset += part {
		written, err := up.WritePart(ctx, connectors.Part{Number: len(w.Parts) + 1, Offset: offset, Size: part}, bytes.NewReader(data))
		if err != nil {
			return err
		}
		w.Parts = append(w.Parts, written)
	}
	_, err = up.Commit(ctx, w)
	return err
}

type onlyWriter struct{ io.Writer }

func measure(b *testing.B, size int64, move func(context.Context, connectors.Place) error) {
	endpoint, err := nulls3.Start(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	b.Setenv("TEST_ACCESS_KEY", "key")
	b.Setenv("TEST_SECRET_KEY", "secret")
	for _, w := range wires {
		b.Run(w.name, func(b *testing.B) {
			p, err := w.open(b.Context(), endpoint, "bucket/root", nil)
			if err != nil {
				b.Fatal(err)
			}
			defer p.Close()
			if err := move(b.Context(), p); err != nil { // what is set up once
				b.Fatal(err)
			}
			b.SetBytes(size)
			began := cpu(b)
			for b.Loop() {
				if err := move(b.Context(), p); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric((cpu(b)-began).Seconds()/float64(b.N)/(float64(size)/(1<<30)), "cpu-s/GiB")
		})
	}
}

func cpu(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
