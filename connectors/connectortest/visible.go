package connectortest

import (
	"testing"

	"gantry/connectors"
)

func testVisibleAfterCommit(_ *testing.T, s *stand) {
	data := content("secret", 2*s.part)
	unseen := func() {
		s.t.Helper()
		s.gone("day1/clip.mxf")
		s.lists("")
		s.lists("day1")
	}
	up := s.begin("day1/clip.mxf", data)
	unseen()
	parts := s.write(up, data, cut(data, s.part)...)
	unseen()
	if _, err := up.Commit(s.ctx, whole(data, parts)); err != nil {
		s.t.Fatalf("commit: %v", err)
	}
	s.lists("", "day1/clip.mxf")
	s.holds("day1/clip.mxf", data)
}

func testOverwrite(t *testing.T, s *stand) {
	old, data := content("old", s.part+9), content("new", s.part+9)
	before := s.put("clip", old)
	up := s.begin("clip", data)
	parts := s.write(up, data, cut(data, s.part)...)
	s.holds("clip", old)
	after, err := up.Commit(s.ctx, whole(data, parts))
	if err != nil {
		t.Fatalf("commit over an existing file: %v", err)
	}
	s.holds("clip", data)
	s.lists("", "clip")
	if after.Version != "" && after.SameVersion(before) {
		t.Errorf("the entry does not change with the content: %+v", after)
	}
	s.put("clip", nil)
	s.holds("clip", nil)
}

func testMissing(_ *testing.T, s *stand) {
	s.put("folder/file", []byte("x"))
	for _, path := range []string{"nothing", "folder", "folder/none", "no/such/folder", "folder/file/below"} {
		_, err := s.place.Stat(s.ctx, path)
		s.fails("stat "+path, err, connectors.KindNotFound)
		_, err = s.read(path, 0, -1)
		s.fails("open "+path, err, connectors.KindNotFound)
		s.fails("remove "+path, s.place.Remove(s.ctx, path), connectors.KindNotFound)
	}
	s.lists("", "folder/file")
}

func testRemove(t *testing.T, s *stand) {
	s.put("a/1", []byte("one"))
	s.put("a/2", []byte("two"))
	if err := s.place.Remove(s.ctx, "a/1"); err != nil {
		t.Fatalf("remove: %v", err)
	}
	s.gone("a/1")
	s.lists("", "a/2")
	s.fails("remove again", s.place.Remove(s.ctx, "a/1"), connectors.KindNotFound)
	s.put("a/1", []byte("again"))
	s.holds("a/1", []byte("again"))
}
