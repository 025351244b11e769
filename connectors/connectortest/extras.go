package connectortest

import (
	"testing"

	"gantry/connectors"
)

func testRename(t *testing.T, s *stand) {
	renamer, ok := connectors.As[connectors.Renamer](s.place)
	if !ok {
		t.Skip("the place cannot rename (no Renamer)")
	}
	s.put("old", []byte("moved"))
	if err := renamer.Rename(s.ctx, "old", "deep/down/new"); err != nil {
		t.Fatalf("rename into a folder that is not there yet: %v", err)
	}
	s.gone("old")
	s.holds("deep/down/new", []byte("moved"))

	s.put("target", []byte("replaced"))
	if err := renamer.Rename(s.ctx, "deep/down/new", "target"); err != nil {
		t.Fatalf("rename onto a file: %v", err)
	}
	s.holds("target", []byte("moved"))
	s.lists("", "target")
	if err := renamer.Rename(s.ctx, "target", "target"); err != nil {
		s.fails("rename onto itself", err, connectors.KindExists, connectors.KindInvalid)
	}
	s.holds("target", []byte("moved"))
	s.fails("rename nothing", renamer.Rename(s.ctx, "none", "x"), connectors.KindNotFound)
	s.lists("", "target")
}

func testHash(t *testing.T, s *stand) {
	hasher, ok := connectors.As[connectors.Hasher](s.place)
	if !ok {
		t.Skip("the place computes no digests (no Hasher)")
	}
	data := content("hash", s.part+1)
	s.put("clip", data)
	want := digests(data)
	for algorithm := range want {
		got, err := hasher.Hash(s.ctx, "clip", algorithm)
		if err != nil {
			t.Fatalf("hash by %s: %v", algorithm, err)
		}
		if _, equal := want.Agree(got); !equal {
			t.Errorf("the place's %s is %q; want %q", algorithm, got[algorithm], want[algorithm])
		}
	}
	_, err := hasher.Hash(s.ctx, "none", connectors.SHA256)
	s.fails("hash nothing", err, connectors.KindNotFound)
}

// What a place says that it computes, it computes of an upload before its commit,
// and refuses the rest without touching the upload.
func testHashStaged(t *testing.T, s *stand) {
	data := content("hash staged", 2*s.part+1)
	up := s.begin("clip", data)
	hasher, ok := connectors.As[connectors.StagedHasher](up)
	if !ok {
		t.Skip("an upload tells no digests (no StagedHasher)")
	}
	written := s.write(up, data, cut(data, s.part)...)
	computes := s.place.Traits().Computes
	want := digests(data)
	for _, algorithm := range computes {
		got, err := hasher.HashStaged(s.ctx, algorithm)
		if err != nil || got[algorithm] != want[algorithm] {
			t.Errorf("the place's %s is %q (%v); want %q", algorithm, got[algorithm], err, want[algorithm])
		}
	}
	_, err := hasher.HashStaged(s.ctx, connectors.C4)
	s.fails("a digest that no server has", err, connectors.KindUnsupported)
	s.lists("")
	if _, err := up.Commit(s.ctx, whole(data, written)); err != nil {
		t.Fatalf("commit: %v", err)
	}
	s.holds("clip", data)
}

func testCopy(t *testing.T, s *stand) {
	copier, ok := connectors.As[connectors.Copier](s.place)
	if !ok {
		t.Skip("the place cannot copy by itself (no Copier)")
	}
	data := content("copy", s.part+1)
	s.put("original", data)
	s.put("taken", []byte("replaced"))
	for _, target := range []string{"deep/copy", "taken"} {
		entry, err := copier.Copy(s.ctx, "original", target)
		if err != nil {
			t.Fatalf("copy to %q: %v", target, err)
		}
		if entry.Path != target || entry.Size != int64(len(data)) {
			t.Errorf("copy to %q returned %+v", target, entry)
		}
		s.holds(target, data)
	}
	s.holds("original", data)
	_, err := copier.Copy(s.ctx, "none", "x")
	s.fails("copy nothing", err, connectors.KindNotFound)
}
