package connectortest

import (
	"testing"

	"gantry/connectors"
)

func testExclusive(t *testing.T, s *stand) {
	exclusive := func(path string, data []byte) (connectors.Upload, connectors.Whole) {
		up, err := s.place.Begin(s.ctx, path, connectors.UploadOptions{Size: int64(len(data)), Exclusive: true})
		if err != nil {
			t.Fatalf("begin: %v", err)
		}
		return up, whole(data, s.write(up, data, cut(data, s.part)...))
	}
	for _, size := range []int64{0, 100, s.part + 1} {
		data := content("exclusive", size)
		path := "free"
		up, w := exclusive(path, data)
		if _, err := up.Commit(s.ctx, w); err != nil {
			t.Fatalf("exclusive commit of %d bytes to a free path: %v", size, err)
		}
		s.holds(path, data)
		if err := s.place.Remove(s.ctx, path); err != nil {
			t.Fatalf("remove: %v", err)
		}

		// Somebody else is faster.
		up, w = exclusive(path, data)
		s.put(path, []byte("faster"))
		_, err := up.Commit(s.ctx, w)
		s.fails("exclusive commit over a file", err, connectors.KindExists)
		s.holds(path, []byte("faster"))
		if err := up.Abort(s.ctx); err != nil {
			t.Fatalf("abort: %v", err)
		}
		s.holds(path, []byte("faster"))
		if err := s.place.Remove(s.ctx, path); err != nil {
			t.Fatalf("remove: %v", err)
		}
	}
	s.lists("")
}

// testCommitAgain commits an upload whose first reply was lost. Either the place
// still knows it and answers again, or it says that the upload is gone; the file
// stays whole in both cases.
func testCommitAgain(t *testing.T, s *stand) {
	data := content("again", s.part+1)
	up := s.begin("clip", data)
	w := whole(data, s.write(up, data, cut(data, s.part)...))
	if _, err := up.Commit(s.ctx, w); err != nil {
		t.Fatalf("commit: %v", err)
	}
	again := func(what string, up connectors.Upload) {
		t.Helper()
		entry, err := up.Commit(s.ctx, w)
		if err == nil && entry.Size != w.Size {
			t.Errorf("%s returned %d bytes; want %d", what, entry.Size, w.Size)
		}
		if err != nil {
			s.fails(what, err, connectors.KindNotFound)
		}
		s.holds("clip", data)
	}
	again("commit again", up)

	s.place = s.connect()
	taken, err := s.place.Begin(s.ctx, "clip", connectors.UploadOptions{Size: w.Size, Resume: up.ID()})
	if err != nil {
		s.fails("take up a committed upload", err, connectors.KindNotFound)
	} else {
		again("commit after taking it up", taken)
	}
	s.holds("clip", data)
	s.lists("", "clip")
}

func testCommitIncomplete(t *testing.T, s *stand) {
	data := content("incomplete", 2*s.part+5)
	parts := cut(data, s.part)
	up := s.begin("clip", data)
	written := s.write(up, data, parts[:2]...)
	_, err := up.Commit(s.ctx, whole(data, append(written[:2:2], parts[2])))
	s.fails("commit with a part that was never sent", err)
	s.lists("")
	_, err = up.Commit(s.ctx, whole(data, written))
	s.fails("commit with parts that do not add up to the size", err)
	s.lists("")
	written = append(written, s.write(up, data, parts[2])...)
	_, err = up.Commit(s.ctx, whole(data, []connectors.Part{written[0], written[2]}))
	s.fails("commit with a gap between the parts", err)
	s.lists("")
	if _, err := up.Commit(s.ctx, whole(data, written)); err != nil {
		t.Fatalf("commit after all parts were sent: %v", err)
	}
	s.holds("clip", data)
}

func testWrongWholeDigest(t *testing.T, s *stand) {
	algorithm := s.place.Traits().WholeDigest
	if algorithm == "" {
		t.Skip("the place vouches for no digest of the whole (Traits.WholeDigest)")
	}
	data := content("whole", s.part+1)
	up := s.begin("clip", data)
	w := whole(data, s.write(up, data, cut(data, s.part)...))
	w.Digests = digests(content("other", s.part+1))
	_, err := up.Commit(s.ctx, w)
	s.fails("commit with another "+string(algorithm), err, connectors.KindIntegrity)
	s.gone("clip")
}
