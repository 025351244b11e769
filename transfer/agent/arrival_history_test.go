package agent

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"gantry/connectors"
	"gantry/transfer/agent/wire"
	"gantry/transfer/custody"
	"gantry/transfer/manifest/mhl"
)

// arrived lists the paths of what the hub was told of, sorted.
func (v *venue) arrived() (paths []string) {
	for _, e := range v.hub.events {
		var a wire.Arrival
		if data, err := json.Marshal(e.Data); err == nil && e.Type == wire.EventArrived && json.Unmarshal(data, &a) == nil {
			paths = append(paths, a.Path)
		}
	}
	slices.Sort(paths)
	return paths
}

// A history in a watched folder goes along with its files, generation by generation, and none of its own files is an arrival.
func TestAHistoryInAWatchedFolderGoesAlong(t *testing.T) {
	t.Parallel()
	v := newVenue(t)
	_, card, _ := v.card(t)
	v.hub.setConfig(v.config(wire.Route{Name: "ingest", From: "in", To: "out", Path: "cards/{{.Path}}", Settle: wire.Settle{Stable: 0.2}}))
	must(t, os.CopyFS(v.in, os.DirFS(card)))
	v.start()
	media := []string{"A001/Clips/a.mov", "A001/Clips/b.mov"}
	v.hub.eventually("both clips", func() bool { return len(v.arrived()) >= 2 })
	chain := filepath.Join("A001", mhl.Folder, mhl.ChainFile)
	out := filepath.Join(v.out, "cards")
	same := func() bool {
		here, err := os.ReadFile(filepath.Join(v.in, chain))
		must(t, err)
		there, err := os.ReadFile(filepath.Join(out, chain))
		return err == nil && string(here) == string(there)
	}
	eventually(t, "the history", same)
	if processes, _ := carried(t, out, "A001"); processes != "in-place in-place" {
		t.Errorf("generations: %s", processes)
	}

	_, err := custody.Create(t.Context(), opened(t, v.in), "A001", custody.CreateOptions{Maker: custody.Maker{Host: "dit", Tool: "t", Version: "1"}, Formats: []string{"xxh128"}, Now: time.Now})
	must(t, err)
	eventually(t, "the next generation", same)

	// What the destination knows beyond that stays.
	_, err = custody.Create(t.Context(), opened(t, out), "A001", custody.CreateOptions{Maker: custody.Maker{Host: "store", Tool: "t", Version: "1"}, Formats: []string{"xxh128"}, Now: time.Now})
	must(t, err)
	must(t, custody.Bring(t.Context(), opened(t, v.in), "A001", opened(t, out), "A001", time.Now))
	if processes, _ := carried(t, out, "A001"); processes != "in-place in-place in-place in-place" {
		t.Errorf("generations: %s", processes)
	}
	_, err = custody.Create(t.Context(), opened(t, v.in), "A001", custody.CreateOptions{Maker: custody.Maker{Host: "camera", Tool: "t", Version: "1"}, Formats: []string{"md5"}, Now: time.Now})
	must(t, err)
	if err := custody.Bring(t.Context(), opened(t, v.in), "A001", opened(t, out), "A001", time.Now); connectors.KindOf(err) != connectors.KindExists {
		t.Errorf("a history that has parted: %v", err)
	}
	v.hub.mu.Lock()
	defer v.hub.mu.Unlock()
	if got := v.arrived(); !slices.Equal(got, media) {
		t.Errorf("arrivals: %q, want %q", got, media)
	}
}

// Where the route keeps files apart, a history has no place to go to; it is no arrival there, either.
func TestAHistoryStaysWhereFilesAreKeptApart(t *testing.T) {
	t.Parallel()
	for _, path := range []string{"", "{{.Name}}", "{{.Year}}/{{.Path}}"} {
		v := newVenue(t)
		_, card, _ := v.card(t)
		v.hub.setConfig(v.config(wire.Route{Name: "ingest", From: "in", To: "out", Path: path, Settle: wire.Settle{Stable: 0.2}}))
		must(t, os.CopyFS(v.in, os.DirFS(card)))
		v.start()
		v.hub.eventually("both clips", func() bool { return len(v.arrived()) >= 2 })
		v.put("A001/Clips/later.mov", []byte("later"))
		v.hub.eventually("the one that came later", func() bool { return slices.Contains(v.arrived(), "A001/Clips/later.mov") })
		v.hub.with(func() {
			if got := v.arrived(); len(got) != 3 {
				t.Errorf("path %q: arrivals: %q", path, got)
			}
		})
		for name := range files(t, v.out) {
			if custody.IsHistory(name) || filepath.Ext(name) == mhl.Extension {
				t.Errorf("path %q: %s went along", path, name)
			}
		}
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
