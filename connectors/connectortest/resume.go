package connectortest

import (
	"slices"
	"testing"

	"gantry/connectors"
)

// testResume loses the connection in mid-upload and goes on over another one.
func testResume(t *testing.T, s *stand) {
	if s.place.Traits().Streamed {
		t.Skip("an upload is one request, which ends with the connection (Traits.Streamed)")
	}
	data := content("resume", 3*s.part+11)
	parts := cut(data, s.part)
	sent, left := []connectors.Part{parts[0], parts[2]}, []connectors.Part{parts[1], parts[3]}
	if s.place.Traits().Sequential {
		sent, left = parts[:2], parts[2:]
	}
	first := s.begin("tapes/clip.mxf", data)
	written := s.write(first, data, sent...)
	id := first.ID()
	if err := s.place.Close(); err != nil {
		t.Fatalf("close: %v", err)
	}

	s.place = s.connect()
	s.lists("")
	second, err := s.place.Begin(s.ctx, "tapes/clip.mxf", connectors.UploadOptions{Size: int64(len(data)), Resume: id})
	if err != nil {
		t.Fatalf("take up upload %q: %v", id, err)
	}
	if second.ID() != id {
		t.Errorf("the upload taken up calls itself %q; want %q", second.ID(), id)
	}
	s.listsParts(second, data, written)
	written = append(written, s.write(second, data, left...)...)
	slices.SortFunc(written, func(a, b connectors.Part) int { return a.Number - b.Number })
	if _, err := second.Commit(s.ctx, whole(data, written)); err != nil {
		t.Fatalf("commit: %v", err)
	}
	s.holds("tapes/clip.mxf", data)
	s.lists("", "tapes/clip.mxf")
}

// listsParts checks what the place says it holds of an upload, if it can tell.
func (s *stand) listsParts(up connectors.Upload, data []byte, want []connectors.Part) {
	s.t.Helper()
	got, err := up.Parts(s.ctx)
	switch {
	case err != nil:
		s.t.Fatalf("parts: %v", err)
	case len(got) == 0:
		s.t.Log("the place cannot tell single parts; the caller's journal knows them")
		return
	case len(got) != len(want):
		s.t.Fatalf("the place holds %d parts; %d were sent", len(got), len(want))
	}
	for i, part := range got {
		if part.Number != want[i].Number || part.Size != want[i].Size || part.ETag != want[i].ETag {
			s.t.Errorf("the place holds part %+v; sent was %+v", part, want[i])
		}
		sum := digests(data[want[i].Offset : want[i].Offset+want[i].Size])
		if _, equal := sum.Agree(part.Digests); !equal {
			s.t.Errorf("the place's digests of part %d differ from ours: %v", part.Number, part.Digests)
		}
	}
}

func testResumeGone(t *testing.T, s *stand) {
	data := content("gone", s.part)
	up := s.begin("clip", data)
	s.write(up, data, cut(data, s.part)...)
	id := up.ID()
	if err := up.Abort(s.ctx); err != nil {
		t.Fatalf("abort: %v", err)
	}
	for _, id := range []string{id, "no-such-upload"} {
		_, err := s.place.Begin(s.ctx, "clip", connectors.UploadOptions{Size: s.part, Resume: id})
		s.fails("take up "+id, err, connectors.KindNotFound)
	}
	for _, id := range []string{"../../etc/passwd", "/etc/passwd", "a\x00b"} {
		_, err := s.place.Begin(s.ctx, "clip", connectors.UploadOptions{Size: s.part, Resume: id})
		s.fails("take up "+id, err, connectors.KindNotFound, connectors.KindInvalid)
	}
}
