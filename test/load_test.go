package test

import (
	"fmt"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"gantry/orchestrator/catalog"
)

// TestManyFiles drops many files at once, few of them clips. None is lost, and the
// program does not grow.
//
// GANTRY_FILES sets how many there are.
func TestManyFiles(t *testing.T) {
	t.Parallel()
	files := number(t, "GANTRY_FILES", 64)
	clips := max(2, files/16)
	junk := files - clips
	s := newStand(t)
	s.up()
	s.realPartners()
	s.dropClip("first.mp4")
	s.published("first.mp4")
	before := s.gauge("go_goroutines")

	template := goodClip(t, filepath.Join(t.TempDir(), "clip.mp4"), "1", "many")
	for i := range clips - 1 {
		s.drop(template, fmt.Sprintf("clip-%02d.mp4", i))
	}
	none := written(t, filepath.Join(t.TempDir(), "none.mp4"), []byte("no media"))
	for i := range junk {
		s.drop(none, fmt.Sprintf("junk-%03d.mp4", i))
	}
	ends := s.settled(clips + junk)
	for name, a := range ends {
		want := catalog.AssetPublished
		if strings.HasPrefix(name, "junk-") {
			want = catalog.AssetQuarantined
		}
		if a.Status != want {
			t.Errorf("%s is %s (%s), want %s", name, a.Status, a.Reason, want)
		}
	}
	s.eventually("all quarantined files there with their reasons", func() error {
		files, reasons := glob(t, filepath.Join(s.dir, "quarantine", "*", "junk-*.mp4")), glob(t, filepath.Join(s.dir, "quarantine", "*", "junk-*.reason.json"))
		if len(files) != junk || len(reasons) != junk {
			return fmt.Errorf("%d files and %d reasons, want %d", len(files), len(reasons), junk)
		}
		return nil
	})

	if resident := s.gauge("process_resident_memory_bytes"); resident > 200<<20 {
		t.Errorf("%.0f MiB are resident, want less than 200", resident/(1<<20))
	} else {
		t.Logf("%.0f MiB are resident", resident/(1<<20))
	}
	s.eventually("back to as many goroutines as before", func() error {
		if now := s.gauge("go_goroutines"); now > before+10 {
			return fmt.Errorf("%.0f, they were %.0f", now, before)
		}
		return nil
	})
}

// gauge asks the metrics for a value.
func (s *stand) gauge(name string) float64 {
	s.t.Helper()
	_, text := fetch(s.t, s, "/metrics", nil)
	for line := range strings.Lines(text) {
		if value, ok := strings.CutPrefix(line, name+" "); ok {
			n, err := strconv.ParseFloat(strings.TrimSpace(value), 64)
			s.must(err)
			return n
		}
	}
	s.t.Fatalf("there is no metric %s", name)
	return 0
}
