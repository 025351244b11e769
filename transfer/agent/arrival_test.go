package agent

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gantry/connectors"
	"gantry/transfer/agent/wire"
)

func TestAnArrivalIsMovedAndToldOnce(t *testing.T) {
	t.Parallel()
	v := newVenue(t)
	content := noise(3<<20, 1)
	v.put("card/A001.mxf", content)
	a, stop := v.start()
	v.hub.eventually("the arrival", func() bool { return len(v.hub.arrivals()) == 1 })

	got := v.hub.arrivals()[0]
	if got.Path != "card/A001.mxf" || got.Route != "ingest" || len(got.ID) != 16 {
		t.Errorf("arrival %+v", got)
	}
	if got.Receipt.Size != int64(len(content)) || got.Receipt.Digests[connectors.XXH128] == "" {
		t.Errorf("receipt %+v", got.Receipt)
	}
	want := fmt.Sprintf("A001-%s/A001.mxf", got.ID[:8])
	if c := got.Receipt.Copies; len(c) != 1 || c[0].Location != "out" || c[0].Path != want {
		t.Errorf("copies %+v, want %s", c, want)
	}
	if out := files(t, v.out); len(out) != 1 || out[want] != string(content) {
		t.Errorf("destination has %d files", len(out))
	}
	v.hub.mu.Lock()
	source := v.hub.events[0].Source
	v.hub.mu.Unlock()
	if source != "/sites/venue/agents/edge-1" {
		t.Errorf("source %q", source)
	}
	status := a.Status()
	if !status.Hub.Reachable || len(status.Routes) != 1 || status.Routes[0].Mode != "events" {
		t.Errorf("status %+v", status)
	}

	t.Run("a restart tells nothing twice", func(t *testing.T) {
		stop()
		v.start()
		v.put("B001.mxf", []byte("second"))
		v.hub.eventually("the second arrival", func() bool { return len(v.hub.arrivals()) == 2 })
		if n := len(files(t, v.out)); n != 2 {
			t.Errorf("%d files at the destination", n)
		}
	})
	t.Run("a new version is a new arrival", func(t *testing.T) {
		v.put("B001.mxf", []byte("second, again"))
		v.hub.eventually("the new version", func() bool { return len(v.hub.arrivals()) == 3 })
		if n := len(files(t, v.out)); n != 3 {
			t.Errorf("%d files at the destination", n)
		}
	})
}

func TestHostileNamesAreRefusedAndOthersGoOn(t *testing.T) {
	t.Parallel()
	v := newVenue(t)
	hostile := []string{"．．", "new\nline.mov", "latin\xe9.mov"}
	for _, name := range hostile {
		v.put(name, []byte("x"))
	}
	v.put("-rf good.mov", []byte("good"))
	_, stop := v.start()
	done := func() bool { return len(v.hub.failures()) == len(hostile) && len(v.hub.arrivals()) == 1 }
	v.hub.eventually("three failures and one arrival", done)
	for _, f := range v.hub.failures() {
		if f.Kind != string(connectors.KindInvalid) || strings.Contains(f.Path, "\n") {
			t.Errorf("failure %+v", f)
		}
	}
	stop()
	v.start()
	v.put("another.mov", []byte("another"))
	v.hub.eventually("the next arrival", func() bool { return len(v.hub.arrivals()) == 2 })
	if n := len(v.hub.failures()); n != len(hostile) {
		t.Errorf("%d failures: a version is told once", n)
	}
}

func TestTwoFilesAreNotMovedToTheSameDestination(t *testing.T) {
	t.Parallel()
	v := newVenue(t)
	v.hub.setConfig(v.config(wire.Route{Name: "flat", From: "in", To: "out", Path: "{{.Name}}", Settle: wire.Settle{Stable: 0.2}}))
	v.put("card1/CLIP.mxf", []byte("one"))
	v.put("card2/CLIP.mxf", []byte("two"))
	v.start()
	v.hub.eventually("one arrival and one failure", func() bool { return len(v.hub.arrivals()) == 1 && len(v.hub.failures()) == 1 })
	if f := v.hub.failures()[0]; f.Kind != string(connectors.KindExists) {
		t.Errorf("failure %+v", f)
	}
	kept := "one"
	if v.hub.arrivals()[0].Path == "card2/CLIP.mxf" {
		kept = "two"
	}
	if got := files(t, v.out)["CLIP.mxf"]; got != kept {
		t.Errorf("the destination holds %q, want %q", got, kept)
	}
	v.put("card1/CLIP.mxf", []byte("one, longer"))
	v.put("card2/CLIP.mxf", []byte("two, longer"))
	v.hub.eventually("new versions are other arrivals", func() bool { return len(v.hub.failures()) == 3 })
	if got := files(t, v.out)["CLIP.mxf"]; got != kept || len(v.hub.arrivals()) != 1 {
		t.Errorf("the destination holds %q, want %q", got, kept)
	}
}

func TestAFileThatNoRouteHasMovedIsNotReplaced(t *testing.T) {
	t.Parallel()
	v := newVenue(t)
	v.hub.setConfig(v.config(wire.Route{Name: "flat", From: "in", To: "out", Path: "{{.Name}}", Settle: wire.Settle{Stable: 0.2}}))
	writeFile(t, filepath.Join(v.out, "CLIP.mxf"), []byte("another's"))
	v.put("CLIP.mxf", []byte("ourselves"))
	v.start()
	v.hub.eventually("the failure", func() bool { return len(v.hub.failures()) == 1 })
	if f := v.hub.failures()[0]; f.Kind != string(connectors.KindExists) || !strings.Contains(f.Error, "{{.ID}}") {
		t.Errorf("failure %+v", f)
	}
	if got := files(t, v.out); len(got) != 1 || got["CLIP.mxf"] != "another's" {
		t.Errorf("the destination holds %q", got)
	}
}

func TestWhatIsNoFileIsToldOnce(t *testing.T) {
	t.Parallel()
	v := newVenue(t)
	if err := os.Symlink("/etc/passwd", filepath.Join(v.in, "link.mov")); err != nil {
		t.Fatal(err)
	}
	v.start()
	v.hub.eventually("the link is refused", func() bool { return len(v.hub.failures()) == 1 })
	if f := v.hub.failures()[0]; f.Path != "link.mov" || f.Kind != string(connectors.KindUnsupported) {
		t.Errorf("failure %+v", f)
	}
}
