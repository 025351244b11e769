package journal

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
)

func TestTheReserveIsHeldOnlyWhileTheJournalIsOpen(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	reserve := filepath.Join(dir, "reserve")
	stands := func() bool {
		info, err := os.Stat(reserve)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			t.Fatal(err)
		}
		return err == nil && info.Size() == reserveSize
	}
	free := uint64(1 << 40)
	options := Options{Free: func(string) (uint64, error) { return free, nil }}
	for range 2 {
		j, err := Open(dir, options)
		must(t, err)
		if !stands() {
			t.Fatal("an open journal has no reserve")
		}
		must(t, FreeReserve(dir))
		if !stands() {
			t.Fatal("the reserve of an open journal was taken away")
		}
		must(t, j.Close())
		if stands() {
			t.Fatal("a closed journal keeps its reserve")
		}
	}

	killed := func() { must(t, os.WriteFile(reserve, make([]byte, reserveSize), 0o600)) }
	killed()
	must(t, FreeReserve(dir))
	if stands() {
		t.Fatal("the reserve of a process that was killed stays")
	}
	killed()
	free = lowWater - 1
	j, err := Open(dir, options)
	must(t, err)
	defer j.Close()
	if stands() {
		t.Fatal("a full volume was not given the reserve that a killed process had left")
	}
}
