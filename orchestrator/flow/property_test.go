package flow

import (
	"encoding/json"
	"os"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func everything(t testing.TB) *Definition {
	t.Helper()
	src, err := os.ReadFile("testdata/everything.yaml")
	if err != nil {
		t.Fatal(err)
	}
	def, err := Parse(src)
	if err != nil {
		t.Fatal(err)
	}
	return def
}

// Whatever the order of answers, failures, repetitions and cancellations, a run keeps its promises.
func TestRunsKeepTheirPromises(t *testing.T) {
	def := everything(t)
	rapid.Check(t, func(r *rapid.T) {
		h := &host{t: t, def: def, now: epoch, open: map[string]WaitKind{}, begun: map[string]bool{}, live: map[string]bool{}}
		h.send(Event{Type: Start, Run: rapid.StringN(0, 5, -1).Draw(r, "run"), Data: json.RawMessage(`{"n":1}`)})
		for range rapid.IntRange(0, 60).Draw(r, "steps") {
			h.now = h.now.Add(time.Duration(rapid.IntRange(0, 90_000).Draw(r, "ms")) * time.Millisecond)
			h.send(h.anyEvent(r))
		}
		h.finish()
	})
}

// host drives a run and checks every step of it.
type host struct {
	t     *testing.T
	def   *Definition
	st    State
	now   time.Time
	open  map[string]WaitKind // asked for and not answered or taken back
	begun map[string]bool     // keys of all calls, timers and runs ever asked for
	live  map[string]bool     // tasks reported as started and not as ended
	sent  []Event
}

func (h *host) anyEvent(r *rapid.T) Event {
	waiting := h.st.Waiting()
	switch n := rapid.IntRange(0, 20).Draw(r, "what"); {
	case n == 0 && len(h.sent) > 0:
		return rapid.SampledFrom(h.sent).Draw(r, "repeated")
	case n == 1:
		kinds := []EventType{Start, CallDone, CallFailed, TimerFired, RunDone, RunFailed}
		return Event{Type: rapid.SampledFrom(kinds).Draw(r, "kind"), Key: rapid.SampledFrom([]string{"", "/timeout", "/do/0/x#1"}).Draw(r, "key")}
	case n == 2 && rapid.IntRange(0, 9).Draw(r, "cancel") == 0:
		return Event{Type: Cancel}
	case len(waiting) == 0:
		return Event{Type: TimerFired, Key: "/nothing"}
	}
	w := rapid.SampledFrom(waiting).Draw(r, "waiting")
	if w.Key == "/timeout" && rapid.IntRange(0, 3).Draw(r, "patience") > 0 {
		w = waiting[len(waiting)-1]
	}
	return h.answer(r, w)
}

func (h *host) answer(r *rapid.T, w WaitingFor) Event {
	ev := Event{Key: w.Key, Type: TimerFired}
	if w.Kind == WaitTimer {
		return ev
	}
	data := []string{``, `null`, `"stop"`, `{"items":[1]}`, `12345678901234567890`, `[1.5e300]`, `{`, `"\u0000<&>"`}
	ev.Data = json.RawMessage(rapid.SampledFrom(data).Draw(r, "data"))
	failed := rapid.IntRange(0, 3).Draw(r, "fails") == 0
	if failed {
		ev.Error = rapid.SampledFrom([]*Error{nil, {}, {Type: TypeCommunication, Status: 503, Detail: "busy \xff"}, {Status: 404}, {Status: 503}}).Draw(r, "error")
	}
	ev.Type = map[WaitKind]EventType{WaitCall: CallDone, WaitRun: RunDone}[w.Kind]
	if failed {
		ev.Type = map[WaitKind]EventType{WaitCall: CallFailed, WaitRun: RunFailed}[w.Kind]
	}
	return ev
}

func (h *host) send(ev Event) {
	ev.At = h.now
	before := h.st
	_, awaited := h.open[ev.Key]
	awaited = awaited && before.Root.awaits(ev)
	next, commands := advanceChecked(h.t, h.def, h.st, ev)
	if before.Status.Terminal() && len(commands) > 0 {
		h.t.Fatalf("a run that has ended gave %s", mustJSON(h.t, commands))
	}
	if ev.Type != Start && ev.Type != Cancel {
		if !awaited && (len(commands) > 0 || mustJSON(h.t, before) != mustJSON(h.t, next)) {
			h.t.Fatalf("%s %s was not waited for and gave %s", ev.Type, ev.Key, mustJSON(h.t, commands))
		}
		if awaited {
			delete(h.open, ev.Key)
		}
	}
	h.st = next
	h.sent = append(h.sent, ev)
	for _, c := range commands {
		h.take(c)
	}
	h.compare()
}

var opens = map[CommandType]WaitKind{Call: WaitCall, StartTimer: WaitTimer, StartRun: WaitRun}

func (h *host) take(c Command) {
	switch c.Type {
	case Call, StartTimer, StartRun:
		if h.begun[c.Key] {
			h.t.Fatalf("the key %s is used twice", c.Key)
		}
		h.begun[c.Key] = true
		if c.Type != StartRun || c.Await {
			h.open[c.Key] = opens[c.Type]
		}
	case CancelCall, CancelTimer, CancelRun:
		if kind, ok := h.open[c.Key]; !ok || cancelCommands[kind] != c.Type {
			h.t.Fatalf("%s %s takes back what was not asked for", c.Type, c.Key)
		}
		delete(h.open, c.Key)
	case Report:
		h.report(c)
	}
}

func (h *host) report(c Command) {
	switch c.Status {
	case TaskStarted:
		if h.live[c.Key] {
			h.t.Fatalf("%s was started twice", c.Key)
		}
		h.live[c.Key] = true
	case TaskCompleted, TaskFaulted, TaskCancelled:
		if !h.live[c.Key] {
			h.t.Fatalf("%s was %s without having been started", c.Key, c.Status)
		}
		delete(h.live, c.Key)
	}
}

// compare checks that the run waits for just what it has asked for.
func (h *host) compare() {
	var waiting []string
	for _, w := range h.st.Waiting() {
		waiting = append(waiting, w.Key)
		if h.open[w.Key] != w.Kind {
			h.t.Fatalf("waits for %s %s without having asked", w.Kind, w.Key)
		}
	}
	slices.Sort(waiting)
	if len(slices.Compact(waiting)) != len(h.open) {
		h.t.Fatalf("waits for %v, has asked for %v", waiting, h.open)
	}
	if h.st.Status.Terminal() && (len(h.live) > 0 || len(h.open) > 0) {
		h.t.Fatalf("ended with %v and %v left", h.live, h.open)
	}
	if !h.st.Status.Terminal() && len(h.open) == 0 {
		h.t.Fatal("goes on without waiting for anything")
	}
}

// finish answers all that is waited for until the run ends.
func (h *host) finish() {
	for range 1000 {
		waiting := h.st.Waiting()
		if len(waiting) == 0 {
			break
		}
		w := waiting[len(waiting)-1]
		ev := Event{Key: w.Key, Type: TimerFired}
		if w.Kind != WaitTimer {
			ev.Type = map[WaitKind]EventType{WaitCall: CallDone, WaitRun: RunDone}[w.Kind]
		}
		h.send(ev)
	}
	if !h.st.Status.Terminal() {
		h.t.Fatalf("does not end: %s", mustJSON(h.t, h.st))
	}
}
