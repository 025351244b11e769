package transfer

import (
	"bytes"
	"context"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	"gantry/connectors"
	"gantry/transfer/growing"
)

// A recording that grows on after it seemed finished has its last part sent again, but
// not while the shorter one is still on its way: who knows which of them lands last.
func TestAPartIsInFlightOnce(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	to := &script{Place: s.folder("a")}
	land := make(chan struct{})
	to.write = func(_ context.Context, call int, p connectors.Part, r io.ReadSeeker, next writer) (connectors.Part, error) {
		if call > 1 {
			return next(r)
		}
		old, err := io.ReadAll(r) // the transport has the bytes already
		must(t, err)
		<-land
		return next(bytes.NewReader(old))
	}
	r := s.record("take.mov", part/2)
	r.write(part / 4)
	comparing, compare := make(chan struct{}), make(chan struct{})
	src := &script{Place: s.folder("source")}
	src.open = func(call int, _ int64, rd io.ReadCloser) (io.ReadCloser, error) {
		if call == 2 { // the comparison at the end
			close(comparing)
			<-compare
		}
		return rd, nil
	}
	job := s.growing("take.mov", growing.Options{Idle: 300 * time.Millisecond}, to)
	job.Source.Place = src
	must(t, r.f.Close())
	run := s.begin(s.ctx, job)
	<-comparing
	f, err := os.OpenFile(filepath.Join(s.dir, "source", "take.mov"), os.O_RDWR, 0)
	must(t, err)
	_, err = f.WriteAt(r.data, 0)
	must(t, err)
	must(t, f.Close())
	close(compare)
	until(t, "another reading", func() bool { return src.opens.Load() >= 4 })
	time.Sleep(50 * time.Millisecond) // it had time to send the part again
	if n := to.attempts(1); n != 1 {
		t.Errorf("the part is in flight %d times", n)
	}
	close(land)
	run.wait()
	if got := s.bytes("a", "take.mov"); !bytes.Equal(got, r.data) {
		t.Error("the copy is not the recording")
	}
}
