package agent

import (
	"strings"
	"testing"

	"gantry/connectors"
	"gantry/transfer/agent/wire"
)

// inLine gives the last report of a file that waits in the queue.
func (h *fakeHub) inLine(path string) (last wire.ArrivalProgress, ok bool) {
	for _, p := range h.progress {
		if p.Path == path && p.Phase == wire.PhaseQueued {
			last, ok = p, true
		}
	}
	return last, ok
}

func TestWhatWaitsForItsTurnIsShown(t *testing.T) {
	t.Parallel()
	v := newVenue(t)
	v.options.Moves = 1
	held := v.hold()
	v.put("a.mov", []byte("first"))
	v.start()
	v.hub.eventually("the first moves", func() bool { return len(v.hub.progress) > 0 && v.hub.progress[0].Phase == "moving" })
	v.put("b.mov", []byte("second"))
	v.hub.eventually("the second is in line", func() bool { _, ok := v.hub.inLine("b.mov"); return ok })
	v.hub.mu.Lock()
	p, _ := v.hub.inLine("b.mov")
	v.hub.mu.Unlock()
	if p.Size != 6 || p.Transfer.ETA != -1 || !strings.Contains(p.Transfer.Waiting, "turn: 1 arrivals") && !strings.Contains(p.Transfer.Waiting, "tried again at") {
		t.Errorf("it is shown as %+v", p)
	}
	v.put("b.mov", []byte("third, longer"))
	v.hub.eventually("the second is given up", func() bool { return len(v.hub.failures()) == 1 })
	if f := v.hub.failures()[0]; f.Kind != string(connectors.KindChanged) || f.Path != "b.mov" {
		t.Errorf("failure %+v", f)
	}
	held.Store(false)
	v.hub.eventually("both arrive", func() bool { return len(v.hub.arrivals()) == 2 })
}
