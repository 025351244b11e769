package connectortest

import (
	"bytes"
	"maps"
	"testing"

	"gantry/connectors"
)

// The tests of this file ask what a place keeps beside the content. A place whose
// server cannot do it says KindUnsupported at the first call.

func testTags(t *testing.T, s *stand) {
	tagger, ok := connectors.As[connectors.Tagger](s.place)
	if !ok {
		t.Skip("the place keeps no tags (no Tagger)")
	}
	data := []byte("tagged")
	s.put("clip", data)
	for _, want := range []map[string]string{{"house-id": "A1", "Rights": "world wide to 2030"}, {"house-id": "B2"}, {}} {
		err := tagger.SetTags(s.ctx, "clip", want)
		s.skipUnsupported("set tags", err)
		if err != nil {
			t.Fatalf("set tags: %v", err)
		}
		if got, err := tagger.Tags(s.ctx, "clip"); err != nil || !maps.Equal(got, want) {
			t.Errorf("tags = %v, %v; want %v", got, err, want)
		}
	}
	s.holds("clip", data)
	_, err := tagger.Tags(s.ctx, "none")
	s.fails("tags of nothing", err, connectors.KindNotFound)
	s.fails("tag nothing", tagger.SetTags(s.ctx, "none", map[string]string{"a": "b"}), connectors.KindNotFound)
}

func testVersions(t *testing.T, s *stand) {
	versioner, ok := connectors.As[connectors.Versioner](s.place)
	if !ok {
		t.Skip("the place keeps no versions (no Versioner)")
	}
	older, newer := []byte("the older one"), []byte("the newer")
	s.put("clip", older)
	s.put("clip", newer)
	s.put("clip.mov", []byte("another file"))
	var found []connectors.FileVersion
	for v, err := range versioner.Versions(s.ctx, "clip") {
		s.skipUnsupported("versions", err)
		if err != nil {
			t.Fatalf("versions: %v", err)
		}
		if v.Path != "clip" || v.Latest != (len(found) == 0) {
			t.Errorf("version %d of %q is %+v", len(found), "clip", v)
		}
		found = append(found, v)
	}
	wants := [][]byte{newer, older}
	if len(found) == 1 {
		t.Skip("the place is not set up to keep more than one version")
	}
	if len(found) != len(wants) {
		t.Fatalf("%d versions; want %d", len(found), len(wants))
	}
	for i, want := range wants {
		if got, err := drain(versioner.OpenVersion(s.ctx, "clip", found[i].ID, 0, -1)); err != nil || !bytes.Equal(got, want) {
			t.Errorf("version %d reads %q, %v; want %q", i, got, err, want)
		}
	}
	if err := versioner.RemoveVersion(s.ctx, "clip", found[0].ID); err != nil {
		t.Fatalf("remove the newer version: %v", err)
	}
	s.holds("clip", older)
}

func testLocks(t *testing.T, s *stand) {
	locker, ok := connectors.As[connectors.Locker](s.place)
	if !ok {
		t.Skip("the place keeps no locks (no Locker)")
	}
	s.put("clip", []byte("held"))
	lock, err := locker.Lock(s.ctx, "clip")
	s.skipUnsupported("lock", err)
	if err != nil || lock != (connectors.Lock{}) {
		t.Fatalf("a new file has the lock %+v, %v", lock, err)
	}
	for _, hold := range []bool{true, false} {
		err := locker.SetLock(s.ctx, "clip", connectors.Lock{Hold: hold})
		s.skipUnsupported("set lock", err)
		if err != nil {
			t.Fatalf("set lock: %v", err)
		}
		if got, err := locker.Lock(s.ctx, "clip"); err != nil || got.Hold != hold {
			t.Errorf("lock = %+v, %v; want hold %t", got, err, hold)
		}
	}
	_, err = locker.Lock(s.ctx, "none")
	s.fails("lock of nothing", err, connectors.KindNotFound)
}

func testTier(t *testing.T, s *stand) {
	tierer, ok := connectors.As[connectors.Tierer](s.place)
	if !ok {
		t.Skip("the place has no storage classes (no Tierer)")
	}
	s.put("clip", []byte("hot"))
	tier, err := tierer.Tier(s.ctx, "clip")
	s.skipUnsupported("tier", err)
	if err != nil || tier.State != connectors.Online || tier.Class == "" || !tier.Expires.IsZero() {
		t.Errorf("tier of a new file = %+v, %v; want it online", tier, err)
	}
	_, err = tierer.Tier(s.ctx, "none")
	s.fails("tier of nothing", err, connectors.KindNotFound)
	_, err = tierer.Restore(s.ctx, "none", connectors.RestoreOptions{Days: 1})
	s.fails("restore nothing", err, connectors.KindNotFound, connectors.KindUnsupported)
}

func (s *stand) skipUnsupported(what string, err error) {
	s.t.Helper()
	if connectors.KindOf(err) == connectors.KindUnsupported {
		s.t.Skipf("%s: the server cannot do it: %v", what, err)
	}
}
