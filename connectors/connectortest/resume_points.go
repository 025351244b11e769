package connectortest

import (
	"bytes"
	"fmt"
	"testing"

	"gantry/connectors"
)

// testResumePoints loses the connection before the first part, between each two
// parts, in the middle of each part, and after the last part before the commit.
func testResumePoints(t *testing.T, s *stand) {
	if s.place.Traits().Streamed {
		t.Skip("an upload is one request, which ends with the connection (Traits.Streamed)")
	}
	data := content("points", 2*s.part+11)
	parts := cut(data, s.part)
	for sent := 0; sent <= len(parts); sent++ {
		for _, within := range []bool{false, true} {
			if within && sent == len(parts) {
				continue
			}
			path := fmt.Sprintf("after %d parts, in mid-part %t", sent, within)
			up := s.begin(path, data)
			written := s.write(up, data, parts[:sent]...)
			if within {
				next := parts[sent]
				_, err := up.WritePart(s.ctx, next, bytes.NewReader(data[next.Offset:next.Offset+next.Size/2]))
				s.fails("write half of a part", err)
			}
			s.reopen()
			s.gone(path)
			s.finish(path, up.ID(), data, written)
		}
	}
}

// finish takes up an upload of which written is known, and sends the rest.
func (s *stand) finish(path, id string, data []byte, written []connectors.Part) {
	s.t.Helper()
	up, err := s.place.Begin(s.ctx, path, connectors.UploadOptions{Size: int64(len(data)), Resume: id})
	if err != nil {
		s.t.Fatalf("%s: take up upload %q: %v", path, id, err)
	}
	if up.ID() != id {
		s.t.Errorf("%s: the upload taken up calls itself %q; want %q", path, up.ID(), id)
	}
	written = append(written[:len(written):len(written)], s.write(up, data, cut(data, s.part)[len(written):]...)...)
	if _, err := up.Commit(s.ctx, whole(data, written)); err != nil {
		s.t.Fatalf("%s: commit: %v", path, err)
	}
	s.holds(path, data)
}

// reopen closes the place, with what is under way there, and opens it again.
func (s *stand) reopen() {
	s.t.Helper()
	if err := s.place.Close(); err != nil {
		s.t.Fatalf("close: %v", err)
	}
	s.place = s.connect()
}
