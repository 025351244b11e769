package test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"gantry/orchestrator/catalog"
)

// A recording that an agent follows is paused, goes on, and is said to be finished, all
// from the command line of its hub.
func TestARecordingIsSteeredThroughItsHub(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	for _, folder := range []string{"recorder", "edit"} {
		s.must(os.MkdirAll(filepath.Join(s.dir, folder), 0o755))
	}
	s.up()
	s.apply(`apiVersion: gantry/v1
kind: Location
metadata: { name: recorder }
spec: { site: local, url: "file://${DATA}/recorder" }
---
apiVersion: gantry/v1
kind: Location
metadata: { name: edit }
spec: { site: local, url: "file://${DATA}/edit" }
---
apiVersion: gantry/v1
kind: Route
metadata: { name: recordings }
spec:
  site: local
  from: recorder
  to: edit
  path: "{{.Name}}"
  growing: { match: ["*.mov"], verify: full, after: 0.2, reveal: "so-far/{{.Name}}" }
`)
	f, err := os.Create(filepath.Join(s.dir, "recorder", "take.mov"))
	s.must(err)
	defer f.Close()
	record := func(size int) {
		_, err := f.Write(bytes.Repeat([]byte("picture "), size/8))
		s.must(err)
	}
	arrived := func() int64 {
		info, err := os.Stat(filepath.Join(s.dir, "edit", "so-far", "take.mov"))
		if err != nil {
			return 0
		}
		return info.Size()
	}
	s.eventually("it is sent while it grows", func() error {
		record(1 << 20)
		if n := arrived(); n < 10<<20 {
			return fmt.Errorf("%d bytes have arrived", n)
		}
		return nil
	})
	tr := s.transferOf("ingest")
	s.listed("transfer", "show", tr.ID, " so far")
	s.listed("transfer", "ls", " so far")

	s.gantry("transfer", "pause", tr.ID)
	s.standing(tr.ID, "paused", func(t catalog.Transfer) bool { return t.Waiting == "paused" })
	before := arrived()
	record(20 << 20)
	time.Sleep(time.Second) // in which it could go on
	if now := arrived(); now != before {
		t.Errorf("paused at %d bytes, %d have arrived", before, now)
	}
	s.gantry("transfer", "resume", tr.ID)
	s.eventually("it goes on", func() error {
		if n := arrived(); n <= before {
			return fmt.Errorf("%d bytes have arrived", n)
		}
		return nil
	})

	s.gantry("transfer", "finish", tr.ID) // though it is still open
	s.standing(tr.ID, "done", func(t catalog.Transfer) bool { return t.Status == catalog.TransferDone })
	source, err := os.ReadFile(f.Name())
	s.must(err)
	if got, err := os.ReadFile(filepath.Join(s.dir, "edit", "take.mov")); err != nil || !bytes.Equal(got, source) {
		t.Errorf("it arrived with %d bytes of %d (%v)", len(got), len(source), err)
	}
	if n := arrived(); n > 0 {
		t.Error("what had arrived so far is still shown")
	}
}
