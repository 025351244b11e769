package connectortest

import (
	"testing"

	"gantry/connectors"
)

// A place that is opened twice is one storage.
func testTakeOver(t *testing.T, s *stand) {
	taker, ok := connectors.As[connectors.Taker](s.place)
	if !ok {
		t.Skip("the place cannot take files over (no Taker)")
	}
	other := s.connect()
	data := content("take over", s.part+1)
	s.put("old", data)
	s.put("taken", []byte("somebody else's"))
	from, err := other.Stat(s.ctx, "old")
	if err != nil {
		t.Fatal(err)
	}
	if taker.Near(elsewhere{}) {
		t.Error("a foreign place is said to be of this storage")
	}
	_, err = taker.TakeOver(s.ctx, other, from, "taken")
	if err != nil && connectors.KindOf(err) == connectors.KindUnsupported {
		t.Skip("as it is set up, the place makes copies")
	}
	if !taker.Near(other) {
		t.Error("a place that is opened twice is not said to be one storage")
	}
	s.fails("take over to a path that is taken", err, connectors.KindExists)
	s.holds("taken", []byte("somebody else's"))
	s.holds("old", data)

	stale := from
	stale.Size, stale.Version = from.Size+1, from.Version+"-other"
	_, err = taker.TakeOver(s.ctx, other, stale, "deep/down/new")
	s.fails("take another version over", err, connectors.KindChanged)
	s.holds("old", data)

	entry, err := taker.TakeOver(s.ctx, other, from, "deep/down/new")
	if err != nil {
		t.Fatalf("take over into a folder that is not there yet: %v", err)
	}
	if entry.Path != "deep/down/new" || entry.Size != from.Size {
		t.Errorf("it returned %+v", entry)
	}
	s.gone("old")
	s.holds("deep/down/new", data)
	s.lists("", "deep/down/new", "taken")

	_, err = taker.TakeOver(s.ctx, other, from, "again")
	s.fails("take over what is not there", err, connectors.KindNotFound)
	_, err = taker.TakeOver(s.ctx, elsewhere{}, from, "again")
	s.fails("take over from another storage", err, connectors.KindUnsupported)
	s.lists("", "deep/down/new", "taken")
}

type elsewhere struct{ connectors.Place }

func testFill(t *testing.T, s *stand) {
	data := content("fill", s.part+1)
	from := s.put("original", data)
	up := s.begin("copy", data)
	filler, ok := connectors.As[connectors.Filler](up)
	if !ok {
		t.Skip("an upload cannot be filled (no Filler)")
	}
	s.fails("fill from another storage", filler.Fill(s.ctx, elsewhere{}, from), connectors.KindUnsupported)
	stale := from
	stale.Size, stale.Version = from.Size+1, from.Version+"-other"
	if err := filler.Fill(s.ctx, s.place, stale); connectors.KindOf(err) != connectors.KindUnsupported {
		s.fails("fill with another version", err, connectors.KindChanged)
	}
	err := filler.Fill(s.ctx, s.connect(), from)
	parts := cut(data, s.part)
	if connectors.KindOf(err) == connectors.KindUnsupported {
		t.Logf("the storage does not copy this: %v", err)
		parts = s.write(up, data, parts...)
	} else if err != nil {
		t.Fatalf("fill: %v", err)
	}
	s.lists("", "original")
	if _, err := up.Commit(s.ctx, whole(data, parts)); err != nil {
		t.Fatalf("commit: %v", err)
	}
	s.holds("copy", data)
	s.holds("original", data)
}
