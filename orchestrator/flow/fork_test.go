package flow

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// Forks, races, lists and tries nested at random, with answers in any order: the run waits for the
// live branches and for nothing else at every step, and ends as a model of it says.
func TestForksFollowTheModel(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) { followModel(t, r) })
}

// FuzzForks is the same, led by the fuzzer.
func FuzzForks(f *testing.F) {
	f.Fuzz(func(t *testing.T, choices []byte) {
		rapid.MakeFuzz(func(r *rapid.T) { followModel(t, r) })(t, choices)
	})
}

func followModel(t *testing.T, r *rapid.T) {
	tasks := drawPlans(r, 3)
	document := mustJSON(t, map[string]any{
		"document": map[string]any{"dsl": "1.0.3", "namespace": "test", "name": "forks", "version": "1.0.0"},
		"do":       planItems(tasks),
	})
	def, err := Parse([]byte(document))
	if err != nil {
		t.Fatalf("%s\n%s", err, document)
	}
	m := &model{answers: map[string]answered{}}
	h := &host{t: t, def: def, now: epoch, open: map[string]WaitKind{}, begun: map[string]bool{}, live: map[string]bool{}}
	h.send(Event{Type: Start, Data: json.RawMessage(`"input"`)})
	for {
		want := m.list(tasks, "/do", "input", 0)
		m.check(t, h.st, want, document)
		waiting := h.st.Waiting()
		if len(waiting) == 0 {
			return
		}
		w := rapid.SampledFrom(waiting).Draw(r, "waiting")
		ev := Event{Key: w.Key, Type: TimerFired, Data: json.RawMessage(mustJSON(t, w.Key))}
		failed := w.Kind != WaitTimer && rapid.IntRange(0, 4).Draw(r, "fails") == 0
		if w.Kind != WaitTimer {
			ev.Type = map[WaitKind]EventType{WaitCall: CallDone, WaitRun: RunDone}[w.Kind]
		}
		if failed {
			ev.Type = map[WaitKind]EventType{WaitCall: CallFailed, WaitRun: RunFailed}[w.Kind]
		}
		m.answers[w.Key] = answered{at: len(m.answers) + 1, failed: failed}
		h.send(ev)
	}
}

// plan is a task of the model, by kind: call, wait, run, set, raise, skip, end, do, fork, race, try.
type plan struct {
	kind   string
	inside []plan
}

func drawPlans(r *rapid.T, depth int) []plan {
	kinds := []string{"call", "wait", "run", "set", "raise", "skip", "end", "call", "call"}
	if depth > 0 {
		kinds = append(kinds, "do", "fork", "race", "try", "fork", "fork", "race")
	}
	plans := make([]plan, rapid.IntRange(0, 3).Draw(r, "tasks"))
	for i := range plans {
		plans[i].kind = rapid.SampledFrom(kinds).Draw(r, "kind")
		if slices.Contains([]string{"do", "fork", "race", "try"}, plans[i].kind) {
			plans[i].inside = drawPlans(r, depth-1)
		}
	}
	return plans
}

func planItems(plans []plan) []any {
	items := []any{}
	for i, p := range plans {
		items = append(items, map[string]any{fmt.Sprintf("t%d", i): p.task()})
	}
	return items
}

func (p plan) task() map[string]any {
	items := planItems(p.inside)
	switch p.kind {
	case "wait":
		return map[string]any{"wait": "PT1S"}
	case "run":
		return map[string]any{"run": map[string]any{"workflow": map[string]any{"namespace": "test", "name": "sub"}}}
	case "set":
		return map[string]any{"set": `${ "set" }`}
	case "raise":
		return map[string]any{"raise": map[string]any{"error": map[string]any{"type": "x:raised", "status": 400}}}
	case "skip":
		return map[string]any{"if": "false", "call": "x"}
	case "end":
		return map[string]any{"call": "x", "then": "end"}
	case "do":
		return map[string]any{"do": items}
	case "fork":
		return map[string]any{"fork": map[string]any{"branches": items}}
	case "race":
		return map[string]any{"fork": map[string]any{"branches": items, "compete": true}}
	case "try":
		return map[string]any{"try": items, "catch": map[string]any{"do": []any{map[string]any{"late": map[string]any{"call": "x"}}}}}
	}
	return map[string]any{"call": "x"}
}

// model says how a run stands from the answers that it has had.
type model struct{ answers map[string]answered }

type answered struct {
	at     int // which answer it was, from 1; what happens at once with the start is at 0
	failed bool
}

// fate is what has become of a task. Keys of what it waits for are in waits.
type fate struct {
	status string // waiting, done, skipped, failed or ended
	at     int
	output any // of what failed, the place
	waits  []string
}

func (m *model) list(plans []plan, path string, input any, at int) fate {
	f := fate{status: "done", at: at, output: input}
	for i, p := range plans {
		if f = m.task(p, fmt.Sprintf("%s/%d/t%d", path, i, i), f.output, f.at); f.status != "done" && f.status != "skipped" {
			return f
		}
	}
	f.status = "done"
	return f
}

func (m *model) task(p plan, path string, input any, at int) fate {
	switch p.kind {
	case "set":
		return fate{status: "done", at: at, output: "set"}
	case "raise":
		return fate{status: "failed", at: at, output: path}
	case "skip":
		return fate{status: "skipped", at: at, output: input}
	case "do":
		return m.list(p.inside, path+"/do", input, at)
	case "fork", "race":
		return m.fork(p, path+"/fork/branches", input, at)
	case "try":
		f := m.list(p.inside, path+"/try", input, at)
		if f.status == "failed" {
			return m.task(plan{kind: "call"}, path+"/catch/do/0/late", input, f.at)
		}
		return f
	}
	return m.leaf(p, path, input)
}

func (m *model) leaf(p plan, path string, input any) fate {
	key := path + "#1"
	a, ok := m.answers[key]
	switch {
	case !ok:
		return fate{status: "waiting", waits: []string{key}}
	case a.failed:
		return fate{status: "failed", at: a.at, output: path}
	case p.kind == "wait":
		return fate{status: "done", at: a.at, output: input}
	case p.kind == "end":
		return fate{status: "ended", at: a.at, output: key}
	}
	return fate{status: "done", at: a.at, output: key}
}

// fork decides by the first branch that ends it, if there is one; of several at once by the one
// that is first in the document.
func (m *model) fork(p plan, path string, input any, at int) fate {
	all := fate{status: "done", at: at}
	outputs := []any{}
	var first *fate
	for i, b := range p.inside {
		f := m.task(b, fmt.Sprintf("%s/%d/t%d", path, i, i), input, at)
		if f.status == "failed" || f.status == "ended" || f.status == "done" && p.kind == "race" {
			if first == nil || f.at < first.at {
				first = &f
			}
		}
		if f.status == "waiting" {
			all.status = "waiting"
		}
		all.at = max(all.at, f.at)
		all.waits = append(all.waits, f.waits...)
		outputs = append(outputs, f.output)
	}
	if first != nil {
		return *first
	}
	if all.output = any(outputs); p.kind == "race" {
		all.output = input
	}
	return all
}

func (m *model) check(t *testing.T, st State, want fate, document string) {
	t.Helper()
	var keys []string
	for _, w := range st.Waiting() {
		keys = append(keys, w.Key)
	}
	if !slices.Equal(keys, want.waits) {
		t.Fatalf("waits for\n%s\nnot for\n%s\n%s", strings.Join(keys, "\n"), strings.Join(want.waits, "\n"), document)
	}
	ok := !st.Status.Terminal()
	switch want.status {
	case "done", "ended":
		ok = st.Status == StatusCompleted && reflect.DeepEqual(st.Output.data, want.output)
	case "failed":
		ok = st.Status == StatusFaulted && st.Error.Instance == want.output
	}
	if !ok {
		t.Fatalf("is %s with %s %v, the model says %s with %v\n%s", st.Status, encode(st.Output.data), st.Error, want.status, want.output, document)
	}
}
