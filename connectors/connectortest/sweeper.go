package connectortest

import (
	"slices"
	"testing"
	"time"

	"gantry/connectors"
)

// testSweeper finds an upload that nobody takes up again, and discards it.
func testSweeper(t *testing.T, s *stand) {
	if _, ok := connectors.As[connectors.Sweeper](s.place); !ok {
		t.Skip("the place does not find unfinished uploads (no Sweeper)")
	}
	data := content("swept", 2*s.part)
	s.put("day/done", data)
	aborted := s.begin("day/aborted", data)
	s.write(aborted, data, cut(data, s.part)[0])
	if err := aborted.Abort(s.ctx); err != nil {
		t.Fatalf("abort: %v", err)
	}
	kept := s.begin("other/kept", data)
	own := s.place
	s.place = s.connect() // of a process that ends
	left := s.begin("day/left", data)
	s.write(left, data, cut(data, s.part)[0])
	if err := s.place.Close(); err != nil {
		t.Fatalf("close: %v", err)
	}
	s.place = own
	written := s.write(kept, data, cut(data, s.part)...)

	// Another process looks.
	place := s.connect()
	sweeper, _ := connectors.As[connectors.Sweeper](place)
	found := s.unfinished(sweeper, "")
	if got, want := idsOf(found), sorted(left.ID(), kept.ID()); !slices.Equal(got, want) {
		t.Fatalf("unfinished are %q; want %q", got, want)
	}
	for _, u := range found {
		path := map[string]string{left.ID(): "day/left", kept.ID(): "other/kept"}[u.ID]
		if u.Path != "" && u.Path != path {
			t.Errorf("upload %q is said to be for %q; want %q", u.ID, u.Path, path)
		}
		if age := time.Since(u.Began); age.Abs() > 10*time.Minute {
			t.Errorf("upload %q is said to have begun %v ago", u.ID, age)
		}
		if u.Path != "" && !slices.Contains(idsOf(s.unfinished(sweeper, path)), u.ID) {
			t.Errorf("upload %q is not found below %q", u.ID, path)
		}
		if u.ID != left.ID() {
			continue
		}
		for range 2 {
			if err := sweeper.Discard(s.ctx, u); err != nil {
				t.Fatalf("discard: %v", err)
			}
		}
	}
	_, err := place.Begin(s.ctx, "day/left", connectors.UploadOptions{Size: int64(len(data)), Resume: left.ID()})
	s.fails("take up what was discarded", err, connectors.KindNotFound)
	if got := idsOf(s.unfinished(sweeper, "")); !slices.Equal(got, []string{kept.ID()}) {
		t.Errorf("after one was discarded, unfinished are %q; want %q", got, kept.ID())
	}
	if _, err := kept.Commit(s.ctx, whole(data, written)); err != nil {
		t.Fatalf("commit: %v", err)
	}
	if got := idsOf(s.unfinished(sweeper, "")); len(got) > 0 {
		t.Errorf("after the commit, unfinished are %q", got)
	}
	s.holds("day/done", data)
	s.holds("other/kept", data)
}

func (s *stand) unfinished(sweeper connectors.Sweeper, prefix string) (found []connectors.Unfinished) {
	s.t.Helper()
	for u, err := range sweeper.Unfinished(s.ctx, prefix) {
		if err != nil {
			s.t.Fatalf("unfinished below %q: %v", prefix, err)
		}
		found = append(found, u)
	}
	return found
}

func idsOf(found []connectors.Unfinished) []string {
	var ids []string
	for _, u := range found {
		ids = append(ids, u.ID)
	}
	return sorted(ids...)
}

func sorted(texts ...string) []string {
	slices.Sort(texts)
	return texts
}
