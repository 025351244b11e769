package connectortest

import (
	"testing"
	"time"

	"gantry/connectors"
)

// testAdopter finds what a process has left for a path, and takes it over.
func testAdopter(t *testing.T, s *stand) {
	if _, ok := connectors.As[connectors.Adopter](s.place); !ok {
		t.Skip("the place does not tell which uploads were left (no Adopter)")
	}
	if s.place.Traits().Streamed {
		t.Skip("the place takes up nothing that was left: each file goes in one stream")
	}
	data := content("adopted", 2*s.part)
	parts := cut(data, s.part)
	own := s.place
	s.place = s.connect() // of a process that ends
	left := s.begin("day/left", data)
	s.write(left, data, parts[0])
	s.begin("day/another", data)
	if err := s.place.Close(); err != nil {
		t.Fatalf("close: %v", err)
	}
	s.place = own

	adopter, _ := connectors.As[connectors.Adopter](s.place)
	find := func(path string) []connectors.Left {
		t.Helper()
		found, err := adopter.Left(s.ctx, path)
		if err != nil {
			t.Fatalf("left for %q: %v", path, err)
		}
		return found
	}
	if found := find("day"); len(found) > 0 {
		t.Errorf("left for the folder are %+v", found)
	}
	found := find("day/left")
	if len(found) != 1 || found[0].ID != left.ID() || found[0].Size != s.part || time.Since(found[0].Written).Abs() > 10*time.Minute {
		t.Fatalf("left are %+v; want %q with %d bytes", found, left.ID(), s.part)
	}
	_, err := adopter.Claim(s.ctx, "day/another", left.ID())
	s.fails("claim for another path", err, connectors.KindNotFound)
	id, err := adopter.Claim(s.ctx, "day/left", left.ID())
	if err != nil || id == left.ID() {
		t.Fatalf("claimed as %q: %v", id, err)
	}
	_, err = adopter.Claim(s.ctx, "day/left", left.ID())
	s.fails("claim it again", err, connectors.KindNotFound)
	o := connectors.UploadOptions{Size: int64(len(data)), Resume: left.ID()}
	_, err = s.place.Begin(s.ctx, "day/left", o)
	s.fails("take it up by its old ID", err, connectors.KindNotFound)
	o.Resume = id
	taken, err := s.place.Begin(s.ctx, "day/left", o)
	if err != nil {
		t.Fatalf("take it up: %v", err)
	}
	s.write(taken, data, parts[1])
	if _, err := taken.Commit(s.ctx, whole(data, parts)); err != nil {
		t.Fatalf("commit: %v", err)
	}
	s.holds("day/left", data)
	if found := find("day/left"); len(found) > 0 {
		t.Errorf("after the commit, left are %+v", found)
	}
	for _, l := range find("day/another") {
		up, err := s.place.Begin(s.ctx, "day/another", connectors.UploadOptions{Size: int64(len(data)), Resume: l.ID})
		if err == nil {
			err = up.Abort(s.ctx)
		}
		if err != nil {
			t.Errorf("abort: %v", err)
		}
	}
}
