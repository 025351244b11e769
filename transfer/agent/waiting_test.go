package agent

import (
	"context"
	"io"
	"strings"
	"testing"

	"gantry/connectors"
	"gantry/transfer/agent/wire"
)

// stuck is a watched folder that nothing can be read from until it is free.
type stuck struct {
	connectors.Place
	free <-chan struct{}
}

func (p *stuck) Open(ctx context.Context, path string, offset, length int64) (io.ReadCloser, error) {
	select {
	case <-p.free:
		return p.Place.Open(ctx, path, offset, length)
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// inLine gives the first report of a file that waits in the queue.
func (h *fakeHub) inLine() (p wire.ArrivalProgress, ok bool) {
	for _, p := range h.progress {
		if p.Phase == wire.PhaseQueued {
			return p, true
		}
	}
	return p, false
}

func TestWhatWaitsForItsTurnIsShown(t *testing.T) {
	t.Parallel()
	v := newVenue(t)
	free := make(chan struct{})
	v.options.Moves = 1
	v.options.Open = func(ctx context.Context, l connectors.Location) (connectors.Place, error) {
		place, err := openLocal(ctx, l)
		if l.Name == "in" {
			return &stuck{place, free}, err
		}
		return place, err
	}
	v.put("a.mov", []byte("second"))
	v.put("b.mov", []byte("second"))
	v.start()
	var waits wire.ArrivalProgress
	v.hub.eventually("one is in line", func() (ok bool) { waits, ok = v.hub.inLine(); return ok })
	if waits.Size != 6 || waits.Transfer.ETA != -1 || waits.Transfer.Waiting != "waits for its turn: 1 arrivals move at once" {
		t.Errorf("it is shown as %+v", waits)
	}
	v.put(waits.Path, []byte("third, longer"))
	v.hub.eventually("what waited is given up", func() bool { return len(v.hub.failures()) == 1 })
	if f := v.hub.failures()[0]; f.Kind != string(connectors.KindChanged) || f.Path != waits.Path || !strings.Contains(f.Error, "has changed") {
		t.Errorf("failure %+v", f)
	}
	close(free)
	v.hub.eventually("both arrive", func() bool { return len(v.hub.arrivals()) == 2 })
}
