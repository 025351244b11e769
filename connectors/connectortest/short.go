package connectortest

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"

	"gantry/connectors"
)

var errDisk = errors.New("the disk fails")

// testFailingReader gives up in the middle of a part: the cause comes back, and
// nothing counts as written.
func testFailingReader(t *testing.T, s *stand) {
	data := content("failing", s.part)
	part := cut(data, s.part)[0]
	part.Digests = digests(data)
	up := s.begin("clip", data)
	_, err := up.WritePart(s.ctx, part, failing{bytes.NewReader(data), s.part / 2})
	s.fails("write a part from a reader that fails", err)
	if !errors.Is(err, errDisk) {
		t.Errorf("the reader's own error is lost: %v", err)
	}
	_, err = up.Commit(s.ctx, whole(data, []connectors.Part{part}))
	s.fails("commit a part that failed", err)
	s.gone("clip")
	s.lists("")
}

// failing ends with an error at an offset.
type failing struct {
	*bytes.Reader
	at int64
}

func (f failing) Read(p []byte) (int, error) {
	left := f.at - (f.Size() - int64(f.Len()))
	if left <= 0 {
		return 0, errDisk
	}
	return f.Reader.Read(p[:min(int64(len(p)), left)])
}

// WriteTo hides the one of bytes.Reader, which would not fail.
func (f failing) WriteTo(w io.Writer) (int64, error) {
	return io.Copy(w, struct{ io.Reader }{f})
}

// testTruncated cuts a file short while it is read.
func testTruncated(t *testing.T, s *stand) {
	s.needDisk()
	const size = 24 << 20
	s.onDisk("clip", content("truncated", size))
	r, err := s.place.Open(s.ctx, "clip", 0, size)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if _, err := io.ReadFull(r, make([]byte, 10)); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(filepath.Join(s.site.Dir, "clip"), size/4); err != nil {
		t.Fatal(err)
	}
	n, err := io.Copy(io.Discard, r)
	if err == nil && n == size-10 {
		t.Skip("the server had read all of it before it was cut")
	}
	s.fails("read of a file that is cut short meanwhile", err, connectors.KindIncomplete, connectors.KindChanged)
}
