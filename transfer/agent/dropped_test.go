package agent

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"

	"gantry/connectors"
	"gantry/transfer"
	"gantry/transfer/agent/wire"
	"gantry/transfer/watch"
)

// halfway is a watched folder of which nothing can be read on while it is held.
type halfway struct {
	connectors.Place
	held *atomic.Bool
}

func (p *halfway) Open(ctx context.Context, path string, offset, length int64) (io.ReadCloser, error) {
	if p.held.Load() {
		return nil, connectors.Errorf(connectors.KindUnavailable, "open", path, "held")
	}
	return p.Place.Open(ctx, path, offset, length)
}

// hold lets moves be begun and not be finished.
func (v *venue) hold() *atomic.Bool {
	held := &atomic.Bool{}
	held.Store(true)
	v.options.Open = func(ctx context.Context, l connectors.Location) (connectors.Place, error) {
		place, err := openLocal(ctx, l)
		if l.Name == "in" {
			return &halfway{place, held}, err
		}
		return place, err
	}
	return held
}

func TestAFileThatIsReplacedInMidMoveIsTold(t *testing.T) {
	t.Parallel()
	v := newVenue(t)
	held := v.hold()
	v.put("clip.mov", []byte("first"))
	v.start()
	v.hub.eventually("the move", func() bool { return len(v.hub.progress) > 0 && v.hub.progress[0].Phase == "moving" })
	v.put("clip.mov", []byte("second, longer"))
	v.hub.eventually("the first is given up", func() bool { return len(v.hub.failures()) == 1 })
	held.Store(false)
	v.hub.eventually("the second arrives", func() bool { return len(v.hub.arrivals()) == 1 })
	first, failure := v.hub.progress[0], v.hub.failures()[0]
	if failure.Kind != string(connectors.KindChanged) || failure.ID == v.hub.arrivals()[0].ID {
		t.Errorf("failure %+v", failure)
	}
	v.hub.mu.Lock()
	defer v.hub.mu.Unlock()
	for _, e := range v.hub.events {
		if e.Type == wire.EventFailed && (first.At.IsZero() || first.At.After(e.Time)) {
			t.Errorf("moving at %s, given up at %s", first.At, e.Time)
		}
	}
}

func TestAFileThatIsTakenAwayInMidMoveIsTold(t *testing.T) {
	t.Parallel()
	v := newVenue(t)
	v.hold()
	v.put("clip.mov", []byte("first"))
	a, _ := v.start()
	v.hub.eventually("the move", func() bool { return len(v.hub.progress) > 0 })
	if err := os.Remove(filepath.Join(v.in, "clip.mov")); err != nil {
		t.Fatal(err)
	}
	v.hub.eventually("it is given up", func() bool { return len(v.hub.failures()) == 1 })
	if f := v.hub.failures()[0]; f.Kind != string(connectors.KindNotFound) || f.Path != "clip.mov" {
		t.Errorf("failure %+v", f)
	}
	eventually(t, "nothing is left to do", func() bool { s := a.Status(); return s.Waiting == 0 && len(s.Moves) == 0 })
}

func TestAMoveThatFailsAgainIsToldAgain(t *testing.T) {
	t.Parallel()
	v := newVenue(t)
	agent, err := New(v.options)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = agent.Close() }()
	a := agent.session.arrivals
	shown := map[string]bool{}
	a.show = func(_ *route, _ watch.File, id string, _ transfer.Progress) { shown[id] = true }
	a.hide = func(id string) { delete(shown, id) }
	w := &waiting{key: fileKey{"ingest", "a.mov"}, route: &route{plan: routePlan{name: "ingest"}, ctx: t.Context()}}
	id := arrivalID("venue", "ingest", w.file)
	attempt := func(done int64) (visible bool) {
		a.moving(w, id, transfer.Progress{Done: done})
		visible = shown[id]
		a.failed(w, connectors.Errorf(connectors.KindPermission, "move", "a.mov", "no"))
		return visible
	}
	for _, c := range []struct {
		done    int64
		visible bool
		events  int // the alarm is one
	}{{0, true, 2}, {0, false, 2}, {5, true, 3}, {0, false, 3}, {5, true, 4}} {
		if visible := attempt(c.done); visible != c.visible || shown[id] {
			t.Errorf("%d bytes: shown %v, want %v; shown after its end: %v", c.done, visible, c.visible, shown[id])
		}
		letters, err := agent.session.keep.letters(10)
		ids := map[string]bool{}
		for _, l := range letters {
			ids[l.event.ID] = true
		}
		if err != nil || len(ids) != c.events || len(letters) != c.events {
			t.Errorf("%d bytes: %d events with %d IDs, want %d (%v)", c.done, len(letters), len(ids), c.events, err)
		}
	}
}
