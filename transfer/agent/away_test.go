package agent

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"gantry/connectors"
	"gantry/transfer/agent/wire"
)

func TestWithoutAHubWorkGoesOnAndEventsWait(t *testing.T) {
	t.Parallel()
	v := newVenue(t)
	_, stop := v.start()
	v.put("first.mov", []byte("first"))
	v.hub.eventually("the first arrival", func() bool { return len(v.hub.arrivals()) == 1 })
	stop()

	v.hub.with(func() { v.hub.away = true })
	a, stop := v.start() // works by the configuration that it kept
	const files = 5
	for i := range files {
		v.put(fmt.Sprintf("alone-%d.mov", i), noise(1000, uint64(i)))
	}
	eventually(t, "the events wait", func() bool { return a.Status().Outbox == files })
	if s := a.Status(); s.Hub.Reachable || s.Hub.Error == "" || s.Config == "" {
		t.Errorf("status %+v", s)
	}
	stop()

	a, _ = v.start() // the events outlive the process
	eventually(t, "the events are still there", func() bool { return a.Status().Outbox == files })
	v.hub.with(func() { v.hub.away = false })
	v.hub.eventually("all events", func() bool { return len(v.hub.arrivals()) == files+1 })
	eventually(t, "the outbox is empty", func() bool { return a.Status().Outbox == 0 })
	times := []int64{}
	for _, e := range v.hub.events {
		times = append(times, e.Time.UnixNano())
	}
	if !slices.IsSorted(times) {
		t.Errorf("events came out of order: %v", times)
	}
}

func TestAnEventThatTheHubRefusesHoldsNothingUp(t *testing.T) {
	t.Parallel()
	v := newVenue(t)
	v.hub.with(func() { v.hub.away = true })
	a, err := New(v.options)
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range []string{"a", "b", "c"} {
		if err := a.session.keep.tell(a.session.event(id, wire.EventAlarm, wire.Alarm{Message: id})); err != nil {
			t.Fatal(err)
		}
	}
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	v.hub.with(func() { v.hub.away, v.hub.bad["b"] = false, true })
	a, stop := v.start()
	v.hub.eventually("a and c", func() bool { return len(v.hub.events) == 2 })
	if ids := []string{v.hub.events[0].ID, v.hub.events[1].ID}; !slices.Equal(ids, []string{"a", "c"}) {
		t.Errorf("events %v", ids)
	}
	eventually(t, "b is set aside", func() bool { s := a.Status(); return s.DeadLetters == 1 && s.Outbox == 0 })
	stop()

	v.hub.with(func() { delete(v.hub.bad, "b") })
	a, _ = v.start()
	v.hub.eventually("b, after all", func() bool { return len(v.hub.events) == 3 })
	eventually(t, "nothing is left", func() bool { return a.Status().DeadLetters == 0 })
}

func TestARefusalThatIsNotUnderstoodIsToldOnceAndOvercome(t *testing.T) {
	t.Parallel()
	v := newVenue(t)
	var log lockedBuffer
	v.options.Logger = slog.New(slog.NewTextHandler(&log, nil))
	refuse := func(types map[string]bool) { v.hub.with(func() { v.hub.stuck = types }) }
	refuse(map[string]bool{wire.EventArrived: true})
	v.put("one.mov", []byte("one"))
	a, _ := v.start()
	v.hub.eventually("the alarm, ahead of the arrival", func() bool { return len(v.hub.alarms()) == 1 })
	v.put("two.mov", []byte("two"))
	eventually(t, "both arrivals and the alarm are kept", func() bool { return a.Status().Outbox == 3 })
	if s := a.Status(); s.DeadLetters != 0 || !strings.Contains(s.LastError, "409") {
		t.Errorf("status %+v", s)
	}
	refuse(nil)
	v.hub.eventually("all of it, and the end of the alarm", func() bool { return len(v.hub.arrivals()) == 2 && len(v.hub.alarms()) == 2 })
	if alarms := v.hub.alarms(); alarms[0].Cleared || !alarms[1].Cleared || alarms[0].Subject != "edge-1" {
		t.Errorf("alarms %+v", alarms)
	}
	if n := strings.Count(log.String(), "again and again"); n != 1 {
		t.Errorf("logged %d times", n)
	}
}

// lockedBuffer is written to and read at the same time.
type lockedBuffer struct {
	mu sync.Mutex
	b  strings.Builder
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func TestADestinationThatFailsAlarmsOnceAndRecovers(t *testing.T) {
	t.Parallel()
	v := newVenue(t)
	var broken atomic.Bool
	var asked atomic.Int32
	broken.Store(true)
	v.options.Open = func(ctx context.Context, l connectors.Location) (connectors.Place, error) {
		if l.Name == "out" && broken.Load() {
			asked.Add(1)
			return nil, connectors.Errorf(connectors.KindUnavailable, "open", l.URL, "connection refused")
		}
		return openLocal(ctx, l)
	}
	v.put("clip.mov", []byte("clip"))
	v.start()
	v.hub.eventually("the alarm", func() bool { return len(v.hub.alarms()) == 1 })
	eventually(t, "several tries", func() bool { return asked.Load() > 4 })
	broken.Store(false)
	v.hub.eventually("the arrival, and the end of the alarm", func() bool { return len(v.hub.arrivals()) == 1 && len(v.hub.alarms()) == 2 })
	alarms := v.hub.alarms()
	if alarms[0].Cleared || !alarms[1].Cleared || alarms[0].Subject != "ingest" || len(v.hub.failures()) != 0 {
		t.Errorf("alarms %+v, failures %+v", alarms, v.hub.failures())
	}
}

func TestWhatAPersonHasToMendIsToldOnceAndTriedAgain(t *testing.T) {
	t.Parallel()
	v := newVenue(t)
	var broken atomic.Bool
	var asked atomic.Int32
	broken.Store(true)
	v.options.Open = func(ctx context.Context, l connectors.Location) (connectors.Place, error) {
		if l.Name == "out" && broken.Load() {
			asked.Add(1)
			return nil, connectors.Errorf(connectors.KindHostKey, "open", l.URL, "attempt %d", asked.Load())
		}
		return openLocal(ctx, l)
	}
	v.put("clip.mov", []byte("clip"))
	v.start()
	eventually(t, "several tries", func() bool { return asked.Load() > 3 })
	broken.Store(false)
	v.hub.eventually("the arrival", func() bool { return len(v.hub.arrivals()) == 1 })
	if f := v.hub.failures(); len(f) != 1 || f[0].Kind != string(connectors.KindHostKey) {
		t.Errorf("failures %+v", f)
	}
}
