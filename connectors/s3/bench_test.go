package s3_test

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/minio/crc64nvme"

	"gantry/connectors"
	"gantry/connectors/s3"
)

// nullStore makes this test binary a store that accepts everything and keeps
// nothing but the last checksum, so that only the client costs.
const nullStore = "GANTRY_NULL_STORE"

func TestMain(m *testing.M) {
	if os.Getenv(nullStore) != "" {
		acceptAll()
		return
	}
	os.Exit(m.Run())
}

func acceptAll() {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	fmt.Println(listener.Addr())
	_ = http.Serve(listener, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		h := w.Header()
		h["ETag"] = []string{`"0123456789abcdef0123456789abcdef"`}
		if crc := r.Header.Get("X-Amz-Checksum-Crc64nvme"); crc != "" {
			h.Set("X-Amz-Checksum-Crc64nvme", crc)
		}
		if r.Method == http.MethodHead {
			h.Set("Last-Modified", "Thu, 29 Feb 2024 12:00:00 GMT")
			h.Set("Content-Length", fmt.Sprint(fileSize))
		}
	}))
}

const fileSize = 64 << 10

// BenchmarkSmallFiles sends files of 64 KiB, 32 at a time, and tells files per
// second and the CPU seconds of this process per GiB.
func BenchmarkSmallFiles(b *testing.B) {
	self, err := os.Executable()
	if err != nil {
		b.Fatal(err)
	}
	store := exec.Command(self)
	store.Env = append(os.Environ(), nullStore+"=1")
	out, err := store.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := store.Start(); err != nil {
		b.Fatal(err)
	}
	defer func() {
		_ = store.Process.Kill()
		_ = store.Wait()
	}()
	addr, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		b.Fatal(err)
	}
	b.Setenv("TEST_ACCESS_KEY", "key")
	b.Setenv("TEST_SECRET_KEY", "secret")
	p, err := s3.Connector().Open(b.Context(), connectors.Location{URL: "s3://bucket/root", Options: map[string]string{
		"endpoint": "http://" + strings.TrimSpace(addr), "region": "us-east-1", "accessKey": "env:TEST_ACCESS_KEY", "secretKey": "env:TEST_SECRET_KEY",
	}})
	if err != nil {
		b.Fatal(err)
	}
	defer p.Close()

	data := bytes.Repeat([]byte("0123456789abcdef"), fileSize/16)
	h := crc64nvme.New()
	_, _ = h.Write(data)
	sums := connectors.Digests{connectors.CRC64NVME: hex.EncodeToString(h.Sum(nil))}
	began, burnt := time.Now(), cpu()
	b.ResetTimer()
	var group sync.WaitGroup
	files := make(chan int)
	for range 32 {
		group.Go(func() {
			for i := range files {
				up, err := p.Begin(b.Context(), fmt.Sprintf("clip-%06d.mxf", i), connectors.UploadOptions{Size: fileSize, ModTime: began})
				if err != nil {
					b.Error(err)
					return
				}
				part, err := up.WritePart(b.Context(), connectors.Part{Number: 1, Size: fileSize, Digests: sums}, bytes.NewReader(data))
				if err != nil {
					b.Error(err)
					return
				}
				if _, err := up.Commit(b.Context(), connectors.Whole{Parts: []connectors.Part{part}, Size: fileSize, Digests: sums}); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	for i := range b.N {
		files <- i
	}
	close(files)
	group.Wait()
	b.StopTimer()
	b.ReportMetric(float64(b.N)/time.Since(began).Seconds(), "files/s")
	b.ReportMetric((cpu()-burnt).Seconds()/(float64(b.N)*fileSize/(1<<30)), "cpu-s/GiB")
}

func cpu() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
