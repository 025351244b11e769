package sftp

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"gantry/connectors"
	"gantry/connectors/servers"
)

// paused is a source that stands still once so much of it was read.
type paused struct {
	*bytes.Reader
	after      int64
	here, goOn chan struct{}
}

func pausedAfter(n int64, data []byte) *paused {
	return &paused{bytes.NewReader(data), n, make(chan struct{}), make(chan struct{})}
}

func (p *paused) Read(b []byte) (int, error) {
	if p.after <= 0 && p.here != nil {
		close(p.here)
		p.here = nil
		<-p.goOn
	}
	n, err := p.Reader.Read(b[:min(len(b), 32<<10)])
	p.after -= int64(n)
	return n, err
}

func startSSHD(t *testing.T) *servers.SSHD {
	t.Helper()
	s, err := servers.StartSSHD(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Stop() })
	return s
}

// oneConnection is a place with a clock of its own.
func oneConnection(t *testing.T, s *servers.SSHD, dir string, ahead *atomic.Int64) *place {
	t.Helper()
	c, err := configure(connectors.Location{URL: s.URL(dir), Options: map[string]string{"identityFile": s.IdentityFile, "knownHosts": s.KnownHosts, "connections": "1"}})
	if err != nil {
		t.Fatal(err)
	}
	p := &place{pool: newPool(c)}
	p.pool.now = func() time.Time { return time.Now().Add(time.Duration(ahead.Load())) }
	t.Cleanup(func() { _ = p.Close() })
	return p
}

// Whoever has stood still for so long that another may have taken up the upload, and shown
// it to others, writes nothing any more.
func TestALateWriterLeavesTheFileAlone(t *testing.T) {
	t.Parallel()
	const part = 4 << 20
	server, dir := startSSHD(t), t.TempDir()
	var ahead atomic.Int64
	late, other := oneConnection(t, server, dir, &ahead), oneConnection(t, server, dir, new(atomic.Int64))
	up, err := late.Begin(t.Context(), "clip", connectors.UploadOptions{Size: part})
	if err != nil {
		t.Fatal(err)
	}
	source := pausedAfter(1<<20, bytes.Repeat([]byte("A"), part))
	here, end := source.here, make(chan error, 1)
	go func() {
		_, err := up.WritePart(t.Context(), connectors.Part{Number: 1, Size: part}, source)
		end <- err
	}()
	<-here
	id, err := other.Claim(t.Context(), "clip", up.ID())
	if err != nil {
		t.Fatal(err)
	}
	taken, err := other.Begin(t.Context(), "clip", connectors.UploadOptions{Size: part, Resume: id})
	if err != nil {
		t.Fatal(err)
	}
	whole := bytes.Repeat([]byte("B"), part)
	done, err := taken.WritePart(t.Context(), connectors.Part{Number: 1, Size: part}, bytes.NewReader(whole))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := taken.Commit(t.Context(), connectors.Whole{Size: part, Parts: []connectors.Part{done}}); err != nil {
		t.Fatal(err)
	}
	ahead.Store(int64(21 * time.Minute))
	close(source.goOn)
	if err := <-end; connectors.KindOf(err) != connectors.KindUnavailable {
		t.Errorf("the late part ends with %v", err)
	}
	_, err = up.WritePart(t.Context(), connectors.Part{Number: 1, Size: part}, bytes.NewReader(bytes.Repeat([]byte("A"), part)))
	if connectors.KindOf(err) != connectors.KindNotFound {
		t.Errorf("the next try ends with %v", err)
	}
	if data, err := os.ReadFile(filepath.Join(dir, "clip")); err != nil || !bytes.Equal(data, whole) {
		t.Errorf("%d bytes of the late writer are in the file, %v", bytes.Count(data, []byte("A")), err)
	}
}

// A part that begins late opens the file anew, which ends others that stood still as long,
// and nothing more.
func TestAPartThatBeginsLateEndsOthersThatStandStill(t *testing.T) {
	t.Parallel()
	const part = 4 << 20
	var ahead atomic.Int64
	p := oneConnection(t, startSSHD(t), t.TempDir(), &ahead)
	up, err := p.Begin(t.Context(), "clip", connectors.UploadOptions{Size: 2 * part})
	if err != nil {
		t.Fatal(err)
	}
	data := make([]byte, part)
	source := pausedAfter(1<<20, data)
	here, end := source.here, make(chan error, 1)
	write := func(n int, r io.ReadSeeker) error {
		_, err := up.WritePart(t.Context(), connectors.Part{Number: n, Offset: int64(n-1) * part, Size: part}, r)
		return err
	}
	go func() { end <- write(1, source) }()
	<-here
	ahead.Store(int64(11 * time.Minute))
	if err := write(2, bytes.NewReader(data)); err != nil {
		t.Error(err)
	}
	close(source.goOn)
	if err := <-end; err != nil && connectors.KindOf(err) != connectors.KindUnavailable {
		t.Errorf("the part that stood still: %v", err)
	}
	if err := write(1, bytes.NewReader(data)); err != nil {
		t.Error(err)
	}
}
