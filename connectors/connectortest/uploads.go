package connectortest

import (
	"bytes"
	"testing"

	"gantry/connectors"
)

func testPartAgain(t *testing.T, s *stand) {
	if s.place.Traits().Sequential {
		t.Skip("the place takes parts in order only, so that none can be sent again")
	}
	data := content("good", 2*s.part+3)
	parts := cut(data, s.part)
	up := s.begin("clip", data)
	s.write(up, content("bad", int64(len(data))), parts...)
	written := s.write(up, data, parts...)
	if _, err := up.Commit(s.ctx, whole(data, written)); err != nil {
		t.Fatalf("commit: %v", err)
	}
	s.holds("clip", data)
}

// A reader that ends early is an error, and the part can be sent again.
func testShortReader(t *testing.T, s *stand) {
	data := content("short", s.part)
	part := cut(data, s.part)[0]
	part.Digests = digests(data)
	up := s.begin("clip", data)
	_, err := up.WritePart(s.ctx, part, bytes.NewReader(data[:s.part-1]))
	s.fails("write a part from a reader that is one byte short", err)
	s.lists("")
	if s.place.Traits().Sequential {
		t.Skip("the place takes parts in order only, so that none can be sent again")
	}
	written := s.write(up, data, part)
	if _, err := up.Commit(s.ctx, whole(data, written)); err != nil {
		t.Fatalf("commit: %v", err)
	}
	s.holds("clip", data)
}

// Of a reader with more than the part, the surplus never gets into the file.
func testLongReader(t *testing.T, s *stand) {
	data := content("long", s.part)
	part := cut(data, s.part)[0]
	part.Digests = digests(data)
	up := s.begin("clip", data)
	written, err := up.WritePart(s.ctx, part, bytes.NewReader(append(data[:s.part:s.part], "surplus"...)))
	if err != nil {
		t.Logf("the place refuses it, which is as good: %v", err)
		return
	}
	if _, err := up.Commit(s.ctx, whole(data, []connectors.Part{written})); err != nil {
		t.Fatalf("commit: %v", err)
	}
	s.holds("clip", data)
}

func testAbort(t *testing.T, s *stand) {
	data := content("abort", 2*s.part)
	parts := cut(data, s.part)
	begun, partial := s.begin("begun", data), s.begin("partial", data)
	s.write(partial, data, parts[0])
	if _, err := partial.WritePart(s.ctx, parts[1], bytes.NewReader(data[:10])); err == nil {
		t.Fatal("write a part from a short reader: no error")
	}
	for _, up := range []connectors.Upload{begun, partial, partial} {
		if err := up.Abort(s.ctx); err != nil {
			t.Fatalf("abort: %v", err)
		}
	}
	s.lists("")
	_, err := partial.WritePart(s.ctx, parts[0], bytes.NewReader(data[:s.part]))
	s.fails("write a part of an aborted upload", err)
	_, err = partial.Commit(s.ctx, whole(data, parts))
	s.fails("commit an aborted upload", err)
	s.lists("")

	done := s.begin("done", data)
	written := s.write(done, data, parts...)
	if _, err := done.Commit(s.ctx, whole(data, written)); err != nil {
		t.Fatalf("commit: %v", err)
	}
	if err := done.Abort(s.ctx); err != nil {
		t.Fatalf("abort after commit: %v", err)
	}
	s.holds("done", data)
}

func testStaged(t *testing.T, s *stand) {
	data := content("staged", 2*s.part+5)
	parts := cut(data, s.part)
	up := s.begin("clip", data)
	staged, ok := connectors.As[connectors.Staged](up)
	if !ok {
		t.Skip("the place cannot read back what is not committed (no Staged)")
	}
	read := func(offset, length int64) ([]byte, error) {
		return drain(staged.OpenStaged(s.ctx, offset, length))
	}
	first := s.write(up, data, parts[0])
	if !s.place.Traits().Streamed {
		if got, err := read(0, s.part); err != nil || !bytes.Equal(got, data[:s.part]) {
			t.Fatalf("read part 1 back: %d bytes, %v", len(got), err)
		}
		_, err := read(2*s.part, s.part)
		s.fails("read back past what was written", err, connectors.KindIncomplete)
	}
	written := append(first, s.write(up, data, parts[1:]...)...)
	for _, r := range []struct{ offset, length, end int64 }{
		{0, int64(len(data)), int64(len(data))}, {s.part - 1, 2, s.part + 1}, {2 * s.part, -1, int64(len(data))},
	} {
		if got, err := read(r.offset, r.length); err != nil || !bytes.Equal(got, data[r.offset:r.end]) {
			t.Errorf("read back (%d, %d): %d bytes, %v", r.offset, r.length, len(got), err)
		}
	}
	s.lists("")
	if _, err := up.Commit(s.ctx, whole(data, written)); err != nil {
		t.Fatalf("commit: %v", err)
	}
	s.holds("clip", data)
}

func testWrongPartDigest(t *testing.T, s *stand) {
	algorithm := s.place.Traits().PartDigest
	if algorithm == "" {
		t.Skip("the place checks no digest of a part (Traits.PartDigest)")
	}
	data := content("part", s.part)
	part := cut(data, s.part)[0]
	part.Digests = digests(content("other", s.part))
	up := s.begin("clip", data)
	_, err := up.WritePart(s.ctx, part, bytes.NewReader(data))
	s.fails("write a part whose "+string(algorithm)+" is another", err, connectors.KindIntegrity)
}
