package wrap_test

import (
	"bytes"
	"io"
	"os"
	"syscall"
	"testing"
	"time"

	"gantry/connectors"
)

// BenchmarkCopy copies 1 GiB from folder to folder, with and without all four
// wrappers around both: they are to cost less than 2 %. TMPDIR=/dev/shm takes the
// disk out of it.
func BenchmarkCopy(b *testing.B) {
	dir := b.TempDir()
	file, err := os.Create(dir + "/clip")
	if err != nil {
		b.Fatal(err)
	}
	piece := bytes.Repeat([]byte("0123456789abcdef"), 1<<20)
	for range 64 {
		if _, err := file.Write(piece); err != nil {
			b.Fatal(err)
		}
	}
	if err := file.Close(); err != nil {
		b.Fatal(err)
	}
	bare := folder(b, dir, nil)
	for name, place := range map[string]connectors.Place{"bare": bare, "wrapped": all(b, bare)} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(64 * len(piece)))
			before := cpu(b)
			for b.Loop() {
				if err := copyAll(b, place, piece); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric((cpu(b)-before).Seconds()/float64(b.N), "CPU-s/op")
		})
	}
}

func copyAll(b *testing.B, place connectors.Place, buffer []byte) error {
	r, err := place.Open(b.Context(), "clip", 0, -1)
	if err != nil {
		return err
	}
	defer r.Close()
	size := 64 * int64(len(buffer))
	up, err := place.Begin(b.Context(), "copy", connectors.UploadOptions{Size: size})
	if err != nil {
		return err
	}
	w := connectors.Whole{Size: size}
	for at := int64(0); at < size; at += int64(len(buffer)) {
		if _, err := io.ReadFull(r, buffer); err != nil {
			return err
		}
		part := connectors.Part{Number: len(w.Parts) + 1, Offset: at, Size: int64(len(buffer))}
		if part, err = up.WritePart(b.Context(), part, bytes.NewReader(buffer)); err != nil {
			return err
		}
		w.Parts = append(w.Parts, part)
	}
	_, err = up.Commit(b.Context(), w)
	return err
}

// cpu is what this process has used, which a busy machine changes less than the
// time that passes.
func cpu(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
