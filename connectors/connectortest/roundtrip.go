package connectortest

import (
	"bytes"
	"fmt"
	"testing"

	"gantry/connectors"
)

func testRoundTrip(t *testing.T, s *stand) {
	for _, size := range []int64{0, 1, s.part - 1, s.part, s.part + 1, 3*s.part + 1000} {
		path := fmt.Sprintf("clips/%d.mxf", size)
		data := content(path, size)
		entry := s.put(path, data)
		if entry.Path != path || entry.Size != size {
			t.Errorf("commit returned %q, %d bytes; want %q, %d bytes", entry.Path, entry.Size, path, size)
		}
		if _, equal := digests(data).Agree(entry.Digests); !equal {
			t.Errorf("the place's digests of %q differ from ours: %v", path, entry.Digests)
		}
		if want := s.place.Traits().WholeDigest; want != "" && entry.Digests[want] == "" {
			t.Errorf("commit of %q returned no %s; Traits promise it", path, want)
		}
		s.holds(path, data)
		stat, err := s.place.Stat(s.ctx, path)
		if err != nil || !stat.SameVersion(entry) {
			t.Errorf("stat %q = %+v, %v; commit said %+v", path, stat, err, entry)
		}
		if _, equal := digests(data).Agree(stat.Digests); !equal {
			t.Errorf("stat's digests of %q differ from ours: %v", path, stat.Digests)
		}
		entries, _ := s.list(path)
		if len(entries) != 1 || !entries[0].SameVersion(entry) {
			t.Errorf("list %q = %+v; commit said %+v", path, entries, entry)
		}
	}
	t.Run("EmptyPart", func(t *testing.T) {
		up := s.begin("empty", nil)
		parts := s.write(up, nil, connectors.Part{Number: 1})
		if _, err := up.Commit(s.ctx, whole(nil, parts)); err != nil {
			t.Fatalf("commit one empty part: %v", err)
		}
		s.holds("empty", nil)
	})
}

// A recording may begin before anybody knows how long it gets.
func testUnknownSize(t *testing.T, s *stand) {
	data := content("growing", 2*s.part+7)
	if _, err := upload(s.ctx, s.place, "growing.mxf", data, s.part, connectors.UploadOptions{Size: -1}); err != nil {
		t.Fatal(err)
	}
	s.holds("growing.mxf", data)
}

func testRange(t *testing.T, s *stand) {
	size := s.part + 1000
	data := content("range", size)
	s.put("clip", data)
	s.put("empty", nil)
	for _, r := range []struct{ offset, length, got int64 }{
		{0, -1, size},
		{0, size, size},
		{0, 0, 0},
		{0, 1, 1},
		{5, 0, 0},
		{s.part - 1, 2, 2},
		{size - 1, 1, 1},
		{size - 1, -1, 1},
		{1000, -1, size - 1000},
	} {
		got, err := s.read("clip", r.offset, r.length)
		if err != nil || !bytes.Equal(got, data[r.offset:r.offset+r.got]) {
			t.Errorf("open (%d, %d): %d bytes, %v; want %d bytes", r.offset, r.length, len(got), err, r.got)
		}
	}
	for _, r := range []struct{ offset, length int64 }{{size - 10, 20}, {size, 1}, {size + 10, 5}} {
		_, err := s.read("clip", r.offset, r.length)
		s.fails(fmt.Sprintf("open (%d, %d) past the end", r.offset, r.length), err, connectors.KindIncomplete)
	}
	for path, offset := range map[string]int64{"clip": size, "empty": 0} {
		if got, err := s.read(path, offset, -1); err != nil || len(got) > 0 {
			t.Errorf("open %q from its very end: %d bytes, %v; want none and no error", path, len(got), err)
		}
	}
	_, err := s.read("clip", -1, 5)
	s.fails("open with a negative offset", err, connectors.KindInvalid)
}
