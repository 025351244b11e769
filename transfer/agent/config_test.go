package agent

import (
	"slices"
	"testing"

	"gantry/transfer/agent/wire"
)

func TestRoutesFollowTheConfiguration(t *testing.T) {
	t.Parallel()
	v := newVenue(t)
	a, _ := v.start()
	v.put("one.mov", []byte("one"))
	v.hub.eventually("the first arrival", func() bool { return len(v.hub.arrivals()) == 1 })

	fast := wire.Settle{Stable: 0.2}
	v.hub.setConfig(v.config(wire.Route{Name: "ingest", From: "in", To: "out", Path: "new/{{.Name}}", Settle: fast}))
	eventually(t, "the new configuration", func() bool { return a.Status().Config == v.hubVersion() })
	v.put("two.mov", []byte("two"))
	v.hub.eventually("an arrival at the new path", func() bool { return len(v.hub.arrivals()) == 2 })
	if got := files(t, v.out)["new/two.mov"]; got != "two" {
		t.Errorf("destination %v", files(t, v.out))
	}

	v.hub.setConfig(v.config(
		wire.Route{Name: "loop", From: "in", To: "in", Settle: fast},
		wire.Route{Name: "nowhere", From: "in", To: "moon", Settle: fast},
		wire.Route{Name: "wrong", From: "in", To: "out", Path: "{{.Camera}}", Settle: fast},
	))
	v.hub.eventually("three alarms", func() bool { return len(v.hub.alarms()) == 3 })
	eventually(t, "three refused routes", func() bool {
		routes := a.Status().Routes
		return len(routes) == 3 && !slices.ContainsFunc(routes, func(r RouteStatus) bool { return r.Mode != "refused" || r.Error == "" })
	})
	v.put("three.mov", []byte("three"))
	v.hub.setConfig(v.config(wire.Route{Name: "ingest", From: "in", To: "out", Settle: fast}))
	v.hub.eventually("what came meanwhile, and nothing else", func() bool { return len(v.hub.arrivals()) == 3 })
	if last := v.hub.arrivals()[2]; last.Path != "three.mov" {
		t.Errorf("arrival %+v", last)
	}
}

func TestGrowingFilesAreShown(t *testing.T) {
	t.Parallel()
	v := newVenue(t)
	v.start()
	content := []byte{}
	grown := func() bool {
		return slices.ContainsFunc(v.hub.progress, func(p wire.ArrivalProgress) bool { return p.Phase == "growing" && p.Path == "live.mov" })
	}
	eventually(t, "growth is told", func() bool {
		content = append(content, noise(1000, uint64(len(content)))...)
		v.put("live.mov", content)
		v.hub.mu.Lock()
		defer v.hub.mu.Unlock()
		return grown()
	})
	v.hub.eventually("the arrival", func() bool { return len(v.hub.arrivals()) == 1 })
	if got := v.hub.arrivals()[0].Receipt.Size; got != int64(len(content)) {
		t.Errorf("arrived with %d bytes of %d", got, len(content))
	}
}
