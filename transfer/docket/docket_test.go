package docket_test

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"gantry/transfer/chunk"
	"gantry/transfer/docket"
)

var way = docket.Way{From: "card", FromPath: "clip", To: "archive", ToPath: "in/clip"}

func lay(t *testing.T, f docket.Folder, w docket.Way, id string) *docket.Held {
	t.Helper()
	h, err := f.Lay(docket.Docket{Way: w, ID: id, Plan: chunk.Plan{Size: 9, PartSize: 4}})
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// claimed are the IDs of those that are free, which are left to others again, and of
// those that are not.
func claimed(f docket.Folder, w docket.Way, now time.Time) (free, busy []string) {
	held, busy := f.Claim(w, now)
	for _, h := range held {
		free = append(free, h.ID)
		h.Release()
	}
	return free, busy
}

func TestADocketIsBusyUntilItsHolderLetsGo(t *testing.T) {
	f := docket.In(filepath.Join(t.TempDir(), "uploads"))
	if free, busy := claimed(f, way, time.Now()); len(free)+len(busy) > 0 {
		t.Fatalf("in no folder there are %v and %v", free, busy)
	}
	h := lay(t, f, way, "one")
	other := way
	other.ToPath = "in/other"
	defer lay(t, f, other, "two").Remove()
	if free, busy := claimed(f, way, time.Now()); len(free) > 0 || !slices.Equal(busy, []string{"one"}) {
		t.Errorf("held: %v and %v", free, busy)
	}
	h.Release()
	h.Remove() // the first call counts
	first, _ := f.Claim(way, time.Now())
	if len(first) != 1 || first[0].ID != "one" || first[0].Plan != (chunk.Plan{Size: 9, PartSize: 4}) {
		t.Fatalf("released: %+v", first)
	}
	if free, busy := claimed(f, way, time.Now()); len(free) > 0 || len(busy) != 1 {
		t.Errorf("claimed twice: %v and %v", free, busy)
	}
	first[0].Remove()
	if free, busy := claimed(f, way, time.Now()); len(free)+len(busy) > 0 {
		t.Errorf("removed: %v and %v", free, busy)
	}
}

func TestWhatIsNoDocketIsClearedAway(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "uploads")
	f := docket.In(dir)
	h := lay(t, f, way, "one")
	h.Release()
	names, _ := filepath.Glob(filepath.Join(dir, "*"))
	for _, text := range []string{"", "{", `{"id":"x"}`, `{"id":"","to":"archive"}`} {
		if err := os.WriteFile(names[0], []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if free, busy := claimed(f, way, time.Now()); len(free)+len(busy) > 0 {
			t.Errorf("%s: %v and %v", text, free, busy)
		}
		if _, err := os.Stat(names[0]); err == nil {
			t.Errorf("%s is left", text)
		}
	}
	other := way
	other.From = "another card"
	lay(t, f, other, "old").Release()
	live := lay(t, f, other, "live")
	defer live.Remove()
	claimed(f, way, time.Now().Add(31*24*time.Hour))
	if free, busy := claimed(f, other, time.Now()); len(free) > 0 || !slices.Equal(busy, []string{"live"}) {
		t.Errorf("after a month: %v and %v", free, busy)
	}
}

// What others could have written says nothing.
func TestAFolderThatOthersMayWriteToHoldsNone(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "uploads")
	f := docket.In(dir)
	lay(t, f, way, "one").Release()
	for _, mode := range []os.FileMode{0o777 | os.ModeSticky, 0o770} {
		if err := os.Chmod(dir, mode); err != nil {
			t.Fatal(err)
		}
		if free, busy := claimed(f, way, time.Now()); len(free)+len(busy) > 0 {
			t.Errorf("%v: %v and %v", mode, free, busy)
		}
		if _, err := f.Lay(docket.Docket{Way: way, ID: "two"}); err == nil {
			t.Errorf("%v: one was laid", mode)
		}
	}
	if err := os.Chmod(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if free, _ := claimed(f, way, time.Now()); !slices.Equal(free, []string{"one"}) {
		t.Errorf("then there are %v", free)
	}
}
