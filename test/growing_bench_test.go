package test

import (
	"bytes"
	"context"
	"math/rand/v2"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"

	"gantry/connectors"
	"gantry/connectors/objectstore"
	"gantry/connectors/servers"
	"gantry/connectors/servers/nulls3"
	"gantry/transfer/chunk"
)

// BenchmarkRecordingsEnd tells how long after the end of a recording its copy is
// there, and how much was sent twice. The recording has GANTRY_GROW_MIB (256), comes
// at GANTRY_GROW_RATE MiB a second (100), and in its last eight seconds at 50 Mbit/s,
// and has its first part mended at the end.
//
// joining is what a plain client waits for versitygw's answer when it completes an
// upload of the same parts, each of which it has sent before.
func BenchmarkRecordingsEnd(b *testing.B) {
	size, rate := int64(number(b, "GANTRY_GROW_MIB", 256))<<20, int64(number(b, "GANTRY_GROW_RATE", 100))<<20
	h := newBenchHarbour(b)
	for _, p := range h.ports {
		for _, verify := range []string{"edges", "full"} {
			b.Run(p.name+"/"+verify, func(b *testing.B) {
				for range b.N {
					name := filepath.Join(b.TempDir(), "take.mov")
					recording := record(b, name, size, rate)
					awaitFile(b, name)
					copying := h.follow(b, p, name, verify)
					closed := <-recording
					receipt := copying.wait()
					c := receipt.Copies[0]
					if receipt.Size != size || receipt.Growth == nil {
						b.Fatalf("the copy has %d bytes of %d", receipt.Size, size)
					}
					after := func(at time.Time) float64 { return at.Sub(closed).Seconds() }
					b.ReportMetric(after(receipt.Growth.Closed), "s-noticed")
					b.ReportMetric(after(c.Times.Sent), "s-sent")
					b.ReportMetric(after(c.Times.Committed), "s-there")
					b.ReportMetric(100*float64(c.Resent)/float64(size), "%-twice")
					_ = os.Remove(p.file(copying.to))
				}
			})
		}
	}
	b.Run("joining", func(b *testing.B) {
		for range b.N {
			b.ReportMetric(join(b, h, size).Seconds(), "s-there")
		}
	})
}

// newBenchHarbour has those ports that recordings are sent to: a folder, SFTP, a
// store that does nothing, and a real one.
func newBenchHarbour(b *testing.B) *harbour {
	h, ctx, dir := &harbour{t: b, secrets: b.TempDir()}, b.Context(), b.TempDir()
	sshd, err := servers.StartSSHD(ctx, filepath.Join(dir, "sshd"))
	h.must(err)
	b.Cleanup(func() { _ = sshd.Stop() })
	null := httptest.NewServer(nulls3.Handler())
	b.Cleanup(null.Close)
	h.gateway, err = servers.StartVersityGW(ctx, filepath.Join(dir, "gateway"))
	h.must(err)
	b.Cleanup(func() { _ = h.gateway.Stop() })
	h.must(h.gateway.MakeBucket(ctx, "bench"))
	keys := []string{"region=" + h.gateway.Region, "accessKey=" + h.secret("s3-access", h.gateway.AccessKey), "secretKey=" + h.secret("s3-secret", h.gateway.SecretKey)}
	h.ports = []*port{
		{name: "folder", url: "file://" + filepath.Join(dir, "folder"), root: filepath.Join(dir, "folder")},
		{
			name: "sftp", url: sshd.URL(filepath.Join(dir, "sftp")), root: filepath.Join(dir, "sftp"),
			options: []string{"identityFile=" + sshd.IdentityFile, "knownHosts=" + sshd.KnownHosts},
		},
		{name: "null-s3", url: "s3+" + null.URL + "/bench", options: keys},
		{name: "versitygw", url: "s3+" + h.gateway.Endpoint + "/bench", root: filepath.Join(h.gateway.Root, "bench"), options: keys},
	}
	for _, p := range h.ports[:2] {
		h.must(os.MkdirAll(p.file("in"), 0o755))
	}
	return h
}

// record writes a recording beside what follows it, and tells when it was closed.
func record(b *testing.B, name string, size, rate int64) <-chan time.Time {
	closed := make(chan time.Time, 1)
	const slow = 50e6 / 8
	go func() {
		defer close(closed)
		f, err := os.Create(name)
		if err != nil {
			b.Error(err)
			return
		}
		defer f.Close()
		data := noise(rand.New(rand.NewPCG(1, 1)), 1<<20)
		began, due := time.Now(), time.Duration(0)
		for at := int64(0); at < size; {
			n := min(int64(len(data)), size-at)
			pace := float64(rate)
			if size-at <= 8*slow {
				pace = slow
			}
			if _, err := f.Write(data[:n]); err != nil {
				b.Error(err)
				return
			}
			at += n
			due += time.Duration(float64(n) / pace * float64(time.Second))
			time.Sleep(due - time.Since(began)) // it is a recording
		}
		if _, err := f.WriteAt([]byte("the header is mended"), 40); err != nil {
			b.Error(err)
		}
		_ = f.Close()
		closed <- time.Now()
	}()
	return closed
}

// join sends the parts that a recording of this size is sent in, and gives the time
// of the call that makes them one object.
func join(b *testing.B, h *harbour, size int64) time.Duration {
	b.Helper()
	ctx, keys := context.Background(), credentials.NewStaticV4(h.gateway.AccessKey, h.gateway.SecretKey, "")
	core, err := minio.NewCore(strings.TrimPrefix(h.gateway.Endpoint, "http://"), &minio.Options{Creds: keys, Region: h.gateway.Region})
	h.must(err)
	id, err := core.NewMultipartUpload(ctx, "bench", "joined", minio.PutObjectOptions{})
	h.must(err)
	plan, err := chunk.Open(0, connectors.Traits{MinPart: objectstore.MinPart, MaxPart: objectstore.MaxPart, MaxParts: objectstore.MaxParts})
	h.must(err)
	var parts []minio.CompletePart
	data := noise(rand.New(rand.NewPCG(2, 2)), 32<<20)
	for p := range plan.Close(size).All() {
		part, err := core.PutObjectPart(ctx, "bench", "joined", id, p.Number, bytes.NewReader(data[:p.Size]), p.Size, minio.PutObjectPartOptions{})
		h.must(err)
		parts = append(parts, minio.CompletePart{PartNumber: part.PartNumber, ETag: part.ETag})
	}
	began := time.Now()
	_, err = core.CompleteMultipartUpload(ctx, "bench", "joined", id, parts, minio.PutObjectOptions{})
	h.must(err)
	took := time.Since(began)
	h.must(core.RemoveObject(ctx, "bench", "joined", minio.RemoveObjectOptions{}))
	return took
}
