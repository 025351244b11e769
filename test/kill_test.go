package test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"gantry/orchestrator/api"
	"gantry/orchestrator/catalog"
)

// TestKilledAtAnyMoment kills `gantry up` again and again while clips go
// through. All end exactly once at both partners and in the archive, with the
// right digests, and no name was ever there with less than the whole. GANTRY_KILLS
// sets how often it is killed, GANTRY_SEED repeats a run.
func TestKilledAtAnyMoment(t *testing.T) {
	t.Parallel()
	kills, seed := number(t, "GANTRY_KILLS", 8), number(t, "GANTRY_SEED", int(time.Now().UnixNano()%1e6))
	t.Logf("GANTRY_KILLS=%d GANTRY_SEED=%d", kills, seed)
	random := rand.New(rand.NewPCG(uint64(seed), 1))
	s := newStand(t)
	s.up()
	s.realPartners()
	watchNames(t, filepath.Join(s.partners(), "nordic-sport"), filepath.Join(s.s3.Root, "stream-one"), filepath.Join(s.dir, "archive"))
	clips := t.TempDir()
	const count = 6
	originals := map[string]string{}
	for i := range count {
		name := goodClip(t, filepath.Join(clips, fmt.Sprintf("clip-%02d.mp4", i)), "1", strconv.Itoa(i))
		originals[filepath.Base(name)] = name
		s.drop(name)
	}
	for range kills {
		time.Sleep(time.Duration(200+random.IntN(3500)) * time.Millisecond)
		s.kill()
		s.up()
	}
	ends := s.settled(count)
	for name, original := range originals {
		if a := ends[name]; a.Status != catalog.AssetPublished {
			t.Errorf("%s is %s: %s", name, a.Status, a.Reason)
		}
		if copies := glob(t, filepath.Join(s.dir, "archive", "*", "*", "*", name)); len(copies) != 1 {
			t.Errorf("%s is %d times in the archive", name, len(copies))
		} else if xxhsum(t, copies[0]) != xxhsum(t, original) {
			t.Errorf("%s differs in the archive", name)
		}
	}
	deliveries, err := get[api.Page[catalog.Delivery]](s, "/deliveries?limit=1000")
	if err != nil {
		t.Fatal(err)
	}
	if len(deliveries.Items) != 2*count {
		t.Errorf("%d deliveries, want %d", len(deliveries.Items), 2*count)
	}
	checkOnly(t, filepath.Join(s.partners(), "nordic-sport"), count)
	folders := glob(t, filepath.Join(s.partners(), "nordic-sport", "clip-*"))
	if len(folders) != count {
		t.Errorf("%d deliveries at nordic-sport, want %d", len(folders), count)
	}
	for _, folder := range folders {
		checkManifest(t, folder)
		checkNothingElse(t, folder)
	}
	local := t.TempDir()
	s.gantry("copy", "stream-one:", local+"/")
	ladders := glob(t, filepath.Join(local, "clip-*"))
	if len(ladders) != count {
		t.Errorf("%d deliveries at stream-one, want %d", len(ladders), count)
	}
	for _, folder := range ladders {
		checkManifest(t, folder)
	}
}

// checkNothingElse finds what a crash may have left beside a delivery: a mezzanine,
// a sidecar and the folder of manifests are all there is.
func checkNothingElse(t *testing.T, folder string) {
	t.Helper()
	entries, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	if len(entries) != 3 {
		t.Errorf("%s holds %v, want media, sidecar and ascmhl", folder, entries)
	}
}

func number(t testing.TB, name string, otherwise int) int {
	t.Helper()
	text := os.Getenv(name)
	if text == "" {
		return otherwise
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return n
}
