package engine_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"gantry/orchestrator/catalog"
	"gantry/orchestrator/catalog/catalogtest"
	"gantry/orchestrator/engine"
	"gantry/orchestrator/flow"
	"gantry/orchestrator/function"
)

// patience bounds what should take milliseconds.
const patience = 60 * time.Second

// A rig is an engine at work, and the functions of the test.
type rig struct {
	*engine.Engine
	t     testing.TB
	store *catalog.Store
}

type run func(ctx context.Context, c function.Call) (json.RawMessage, error)

func functions(by map[string]run) map[string]function.Function {
	all := map[string]function.Function{}
	for name, fn := range by {
		all[name] = function.Function{Name: name, Run: fn}
	}
	return all
}

func echo(_ context.Context, c function.Call) (json.RawMessage, error) { return c.Input, nil }

func newEngine(t testing.TB, store *catalog.Store, by map[string]run, adjust ...func(*engine.Options)) *rig {
	t.Helper()
	o := engine.Options{
		Store: store, Functions: functions(by), Now: time.Now,
		Logger: slog.New(slog.NewTextHandler(logTo{t}, &slog.HandlerOptions{Level: slog.LevelWarn})),
		Retry:  engine.Retry{First: 5 * time.Millisecond},
	}
	for _, a := range adjust {
		a(&o)
	}
	e, err := engine.New(o)
	must(t, err)
	return &rig{Engine: e, t: t, store: store}
}

func start(t testing.TB, store *catalog.Store, by map[string]run, adjust ...func(*engine.Options)) *rig {
	t.Helper()
	r := newEngine(t, store, by, adjust...)
	must(t, r.Start(t.Context()))
	t.Cleanup(func() { r.stop() })
	return r
}

func (r *rig) stop() {
	r.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	must(r.t, r.Stop(ctx))
}

func (r *rig) begin(workflow, input string) string {
	r.t.Helper()
	var id string
	r.write(func(ctx context.Context, tx catalog.Tx) (err error) {
		id, err = r.StartRun(ctx, tx, engine.StartRun{Workflow: workflow, Input: json.RawMessage(input), Asset: "as_1"})
		return err
	})
	return id
}

func (r *rig) write(fn func(ctx context.Context, tx catalog.Tx) error) {
	r.t.Helper()
	must(r.t, r.store.Write(context.Background(), fn))
}

// register gives documents their heads.
func (r *rig) register(name, body string) {
	r.t.Helper()
	_, err := r.Register(context.Background(), document(name, body))
	must(r.t, err)
}

func document(name, body string) []byte {
	return []byte("document: {dsl: '1.0.3', namespace: test, name: " + name + ", version: '1.0.0'}\n" + strings.TrimLeft(body, "\n"))
}

func (r *rig) run(id string) (run catalog.Run) {
	r.t.Helper()
	must(r.t, r.store.Read(context.Background(), func(ctx context.Context, rd catalog.Reader) (err error) {
		run, err = rd.Run(ctx, id)
		return err
	}))
	return run
}

func (r *rig) steps(id string) (steps []catalog.Step) {
	r.t.Helper()
	must(r.t, r.store.Read(context.Background(), func(ctx context.Context, rd catalog.Reader) (err error) {
		steps, err = rd.Steps(ctx, id)
		return err
	}))
	return steps
}

func (r *rig) step(id, name string) catalog.Step {
	r.t.Helper()
	for _, s := range r.steps(id) {
		if s.Name == name {
			return s
		}
	}
	r.t.Fatalf("run %s has no step %s", id, name)
	return catalog.Step{}
}

// until waits for events until something is so.
func (r *rig) until(what string, so func() bool) {
	r.t.Helper()
	deadline := time.After(patience)
	for {
		woken := r.store.Watch()
		if so() {
			return
		}
		select {
		case <-woken:
		case <-deadline:
			r.t.Fatalf("still waiting until %s", what)
		}
	}
}

func (r *rig) end(id string) catalog.Run {
	r.t.Helper()
	r.until("run "+id+" has ended", func() bool { return r.run(id).Ended() })
	return r.run(id)
}

// timeline gives what happened to a run: "run running", "step NAME completed".
func (r *rig) timeline(id string) (lines []string) {
	r.t.Helper()
	must(r.t, r.store.Read(context.Background(), func(ctx context.Context, rd catalog.Reader) error {
		events, err := rd.EventsOf(ctx, id, 0, 1000)
		for _, e := range events {
			var data engine.StepChange
			must(r.t, json.Unmarshal(e.Data, &data))
			if strings.HasPrefix(e.Type, engine.EventStep) {
				lines = append(lines, "step "+data.Name+" "+data.Status)
			} else {
				lines = append(lines, "run "+data.Status)
			}
		}
		return err
	}))
	return lines
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

type logTo struct{ t testing.TB }

func (l logTo) Write(p []byte) (int, error) {
	if testing.Verbose() {
		return os.Stderr.Write(p)
	}
	return len(p), nil
}

func TestFlowsRunToTheirEnd(t *testing.T) {
	cases := []struct {
		name, body, input string
		status, output    string
	}{
		{"call", `
do:
  - one: {call: echo, with: {say: "${ .word }"}}
  - two: {call: echo, with: {said: "${ .say }"}}`, `{"word":"hello"}`, "completed", `{"said":"hello"}`},
		{"switch", `
do:
  - decide:
      switch:
        - good: {when: .ok, then: yes}
        - bad: {then: no}
  - yes: {call: echo, with: {way: good}, then: end}
  - no: {call: echo, with: {way: bad}}`, `{"ok":false}`, "completed", `{"way":"bad"}`},
		{"try", `
do:
  - attempt:
      try:
        - wrong: {call: refuse, with: {}}
      catch:
        errors: {with: {type: https://open-workflow-specification.org/spec/1.0.0/errors/validation}}
        as: why
        do:
          - rework: {call: echo, with: {detail: "${ $why.detail }", status: "${ $why.status }"}}`, `{}`, "completed", `{"detail":"no good","status":400}`},
		{"retry", `
do:
  - attempt:
      try:
        - sometimes: {call: third, with: {}}
      catch:
        retry: {delay: PT0.01S, limit: {attempt: {count: 5}}}`, `{}`, "completed", `{"attempt":3}`},
		{"wait", `
do:
  - pause: {wait: PT0.05S}
  - after: {call: echo, with: {done: true}}`, `{}`, "completed", `{"done":true}`},
		{"for", `
do:
  - each:
      for: {each: item, in: .items}
      do:
        - send: {call: echo, with: {sum: "${ .sum + $item }", items: []}}`, `{"sum":0,"items":[1,2,3,4]}`, "completed", `{"items":[],"sum":10}`},
		{"parent", `
do:
  - inner:
      run: {workflow: {namespace: test, name: child, version: '1.0.0', input: {n: "${ .n }"}}}`, `{"n":20}`, "completed", `{"doubled":40}`},
		{"parent-of-failing", `
do:
  - attempt:
      try:
        - inner:
            run: {workflow: {namespace: test, name: failing, version: latest, input: {}}}
      catch:
        as: why
        do:
          - rework: {set: {because: "${ $why.title }"}}`, `{}`, "completed", `{"because":"Refused"}`},
		{"uncaught", `
do:
  - wrong: {call: refuse, with: {}}`, `{}`, "failed", ``},
	}
	var tries atomic.Int64
	by := map[string]run{
		"echo":   echo,
		"refuse": refuse,
		"third": func(context.Context, function.Call) (json.RawMessage, error) {
			if n := tries.Add(1); n%3 != 0 {
				return nil, &function.Fault{Type: "communication", Title: "Not yet", Status: 503}
			}
			return json.RawMessage(`{"attempt":3}`), nil
		},
	}
	catalogtest.OnBoth(t, func(t *testing.T, fresh func(testing.TB) string) {
		r := start(t, catalogtest.Open(t, fresh(t)), by)
		r.register("child", `do: [{double: {call: echo, with: {doubled: "${ .n * 2 }"}}}]`)
		r.register("failing", `do: [{wrong: {call: refuse, with: {}}}]`)
		for _, c := range cases {
			t.Run(c.name, func(t *testing.T) {
				r := &rig{Engine: r.Engine, t: t, store: r.store}
				r.register(c.name, c.body)
				got := r.end(r.begin(c.name, c.input))
				if got.Status != c.status || string(got.Output) != c.output {
					t.Fatalf("%s with %s, error %s; want %s with %s\n%s", got.Status, got.Output, got.Error, c.status, c.output, strings.Join(r.timeline(got.ID), "\n"))
				}
				for _, s := range r.steps(got.ID) {
					if s.Open() || s.EndedAt.IsZero() {
						t.Errorf("step %s is still %s", s.Key, s.Status)
					}
				}
			})
		}
	})
}

func refuse(context.Context, function.Call) (json.RawMessage, error) {
	return nil, &function.Fault{Type: "validation", Status: 400, Title: "Refused", Detail: "no good"}
}

func TestTimeline(t *testing.T) {
	r := start(t, catalogtest.Open(t, catalogtest.SQLite(t)), map[string]run{"echo": echo})
	r.register("two", `do: [{first: {call: echo, with: {a: 1}}}, {second: {set: {b: 2}}}]`)
	id := r.begin("two", `{}`)
	r.end(id)
	want := []string{"run running", "step first scheduled", "step first running", "step first completed", "step second completed", "run completed"}
	got := r.timeline(id)
	slices.Sort(want)
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Fatalf("got\n%s", strings.Join(got, "\n"))
	}
	first := r.step(id, "first")
	if string(first.Input) != `{"a":1}` || string(first.Output) != `{"a":1}` || first.Attempt != 1 || first.StartedAt.IsZero() {
		t.Fatalf("got %+v", first)
	}
}

// TestStartIsOneTransaction shows that a run and its first job commit together, and
// roll back together.
func TestStartIsOneTransaction(t *testing.T) {
	catalogtest.OnBoth(t, func(t *testing.T, fresh func(testing.TB) string) {
		store := catalogtest.Open(t, fresh(t))
		r := newEngine(t, store, map[string]run{"echo": echo})
		r.register("one", `do: [{first: {call: echo, with: {}}}]`)
		for _, keep := range []bool{false, true} {
			err := store.Write(t.Context(), func(ctx context.Context, tx catalog.Tx) error {
				_, err := r.StartRun(ctx, tx, engine.StartRun{ID: "run_1", Workflow: "test/one"})
				must(t, err)
				if !keep {
					return errors.New("no")
				}
				return nil
			})
			if (err == nil) != keep {
				t.Fatal(err)
			}
			if n := jobs(t, store); n != map[bool]int{true: 1}[keep] {
				t.Errorf("keep %v: %d jobs", keep, n)
			}
		}
	})
}

func jobs(t *testing.T, store *catalog.Store) (n int) {
	t.Helper()
	const count = "SELECT count(*) FROM river_job"
	if store.SQLite() != nil {
		must(t, store.SQLite().QueryRow(count).Scan(&n))
	} else {
		must(t, store.Pool().QueryRow(t.Context(), count).Scan(&n))
	}
	return n
}

func TestARunIsStartedOnce(t *testing.T) {
	var calls atomic.Int64
	r := start(t, catalogtest.Open(t, catalogtest.SQLite(t)), map[string]run{"count": func(context.Context, function.Call) (json.RawMessage, error) {
		calls.Add(1)
		return nil, nil
	}})
	r.register("one", `do: [{first: {call: count, with: {}}}]`)
	for range 3 {
		r.write(func(ctx context.Context, tx catalog.Tx) error {
			id, err := r.StartRun(ctx, tx, engine.StartRun{ID: "run_mine", Workflow: "one"})
			if id != "run_mine" {
				t.Errorf("got %s", id)
			}
			return err
		})
	}
	if r.end("run_mine"); calls.Load() != 1 {
		t.Fatalf("%d calls", calls.Load())
	}
}

func TestPendingIsResolvedOnce(t *testing.T) {
	keys := make(chan string, 1)
	r := start(t, catalogtest.Open(t, catalogtest.SQLite(t)), map[string]run{"later": func(_ context.Context, c function.Call) (json.RawMessage, error) {
		keys <- c.Key
		return nil, function.ErrPending
	}})
	r.register("waits", `do: [{far: {call: later, with: {}}}]`)
	id := r.begin("waits", `{}`)
	key := <-keys
	r.until("the step waits", func() bool { return r.step(id, "far").Status == catalog.StepWaiting })
	for n := range 3 {
		r.write(func(ctx context.Context, tx catalog.Tx) error {
			return r.Resolve(ctx, tx, id, key, json.RawMessage(fmt.Sprintf(`{"n":%d}`, n)), nil)
		})
	}
	if got := r.end(id); string(got.Output) != `{"n":0}` {
		t.Fatalf("got %s", got.Output)
	}
	completed := 0
	for _, line := range r.timeline(id) {
		if line == "step far completed" {
			completed++
		}
	}
	if completed != 1 {
		t.Fatalf("completed %d times", completed)
	}
}

// TestResolvedBeforePending: the result overtakes the function that announces it.
func TestResolvedBeforePending(t *testing.T) {
	var r *rig
	r = start(t, catalogtest.Open(t, catalogtest.SQLite(t)), map[string]run{"later": func(ctx context.Context, c function.Call) (json.RawMessage, error) {
		err := r.store.Write(ctx, func(ctx context.Context, tx catalog.Tx) error {
			return r.Resolve(ctx, tx, c.Run, c.Key, nil, &flow.Error{Type: flow.TypeCommunication, Status: 500, Title: "Lost"})
		})
		return nil, errors.Join(err, function.ErrPending)
	}})
	r.register("waits", `
do:
  - attempt:
      try: [{far: {call: later, with: {}}}]
      catch: {as: why, do: [{say: {set: {why: "${ $why.title }"}}}]}`)
	if got := r.end(r.begin("waits", `{}`)); string(got.Output) != `{"why":"Lost"}` {
		t.Fatalf("got %s, %s", got.Status, got.Output)
	}
}

func TestCancel(t *testing.T) {
	begun, ended := make(chan struct{}), make(chan error, 1)
	r := start(t, catalogtest.Open(t, catalogtest.SQLite(t)), map[string]run{"long": func(ctx context.Context, _ function.Call) (json.RawMessage, error) {
		close(begun)
		<-ctx.Done()
		ended <- context.Cause(ctx)
		return nil, ctx.Err()
	}})
	r.register("child", `do: [{work: {call: long, with: {}}}]`)
	r.register("parent", `
do:
  - inner: {run: {workflow: {namespace: test, name: child, version: '1.0.0'}}}`)
	id := r.begin("parent", `{}`)
	<-begun
	must(t, r.Cancel(t.Context(), id, "not needed"))
	if got := r.end(id); got.Status != catalog.RunCancelled || !strings.Contains(string(got.Error), "not needed") {
		t.Fatalf("got %s, %s", got.Status, got.Error)
	}
	select {
	case cause := <-ended:
		if !strings.Contains(cause.Error(), "no longer waits") {
			t.Errorf("got %v", cause)
		}
	case <-time.After(patience):
		t.Fatal("the function was not cancelled")
	}
	must(t, r.store.Read(t.Context(), func(ctx context.Context, rd catalog.Reader) error {
		children, err := rd.Runs(ctx, catalog.RunFilter{ParentID: id})
		if len(children) != 1 || children[0].Status != catalog.RunCancelled {
			t.Errorf("got %+v", children)
		}
		return err
	}))
	must(t, r.Cancel(t.Context(), id, "again"))
}

func TestPanicIsAFault(t *testing.T) {
	r := start(t, catalogtest.Open(t, catalogtest.SQLite(t)), map[string]run{
		"panics": func(context.Context, function.Call) (json.RawMessage, error) { panic("oh") },
		"babble": func(context.Context, function.Call) (json.RawMessage, error) { return json.RawMessage(`{`), nil },
	})
	r.register("one", `do: [{first: {call: panics, with: {}}}]`)
	if got := r.end(r.begin("one", `{}`)); got.Status != catalog.RunFailed || !strings.Contains(string(got.Error), "oh") {
		t.Fatalf("got %s, %s", got.Status, got.Error)
	}
	r.register("two", `do: [{first: {call: babble, with: {}}}]`)
	if got := r.end(r.begin("two", `{}`)); got.Status != catalog.RunFailed || !strings.Contains(string(got.Error), "not JSON") {
		t.Fatalf("got %s, %s", got.Status, got.Error)
	}
}

func TestPassingFailuresAreTriedAgain(t *testing.T) {
	cases := []struct {
		name     string
		failures int64
		err      error
		status   string
		calls    int64
		kind     string
	}{
		{"a lost connection that comes back", 2, &net.OpError{Op: "dial", Err: errors.New("refused")}, catalog.RunCompleted, 3, ""},
		{"a lost connection that stays away", 99, &net.OpError{Op: "dial", Err: errors.New("refused")}, catalog.RunFailed, 4, "communication"},
		{"a busy database", 1, fmt.Errorf("write: %w", catalog.ErrBusy), catalog.RunCompleted, 2, ""},
		{"any other failure", 99, errors.New("no"), catalog.RunFailed, 1, "runtime"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			var calls atomic.Int64
			r := start(t, catalogtest.Open(t, catalogtest.SQLite(t)), map[string]run{"try": func(_ context.Context, call function.Call) (json.RawMessage, error) {
				n := calls.Add(1)
				if int64(call.Attempt) != n {
					t.Errorf("attempt %d, want %d", call.Attempt, n)
				}
				if n <= c.failures {
					return nil, c.err
				}
				return nil, nil
			}})
			r.register("one", `do: [{first: {call: try, with: {}}}]`)
			id := r.begin("one", `{}`)
			got := r.end(id)
			if got.Status != c.status || calls.Load() != c.calls || !strings.Contains(string(got.Error), c.kind) {
				t.Fatalf("got %s after %d calls, %s", got.Status, calls.Load(), got.Error)
			}
			retrying := 0
			for _, line := range r.timeline(id) {
				if line == "step first retrying" {
					retrying++
				}
			}
			if int64(retrying) != c.calls-1 {
				t.Errorf("reported retrying %d times", retrying)
			}
		})
	}
}

func TestRegisterRefuses(t *testing.T) {
	r := newEngine(t, catalogtest.Open(t, catalogtest.SQLite(t)), map[string]run{"probe": echo})
	cases := []struct {
		name, source, want string
	}{
		{"an unknown function", string(document("x", "do:\n  - one: {call: probe, with: {}}\n  - two:\n      call: prob\n      with: {}\n")), `line 5, column 13: there is no function "prob": there are probe`},
		{"an unknown workflow", string(document("x", "do:\n  - one:\n      run:\n        workflow: {namespace: test, name: other, version: '1.0.0'}\n")), `line 5, column 19: there is no workflow test/other in version 1.0.0: register it first`},
		{"what does not parse", "document: [", "line 1"},
	}
	for _, c := range cases {
		_, err := r.Register(t.Context(), []byte(c.source))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v", c.name, err)
		}
	}
	r.register("same", `do: [{a: {set: {x: 1}}}]`)
	r.register("same", `do: [{a: {set: {x: 1}}}]`)
	if _, err := r.Register(t.Context(), document("same", `do: [{a: {set: {x: 2}}}]`)); !errors.Is(err, catalog.ErrConflict) {
		t.Errorf("got %v", err)
	}
	err := r.store.Write(t.Context(), func(ctx context.Context, tx catalog.Tx) error {
		_, err := r.StartRun(ctx, tx, engine.StartRun{Workflow: "nothing"})
		return err
	})
	if !errors.Is(err, catalog.ErrNotFound) || !strings.Contains(err.Error(), "register it first") {
		t.Errorf("got %v", err)
	}
}

func TestAStateThatCannotBeReadFailsTheRun(t *testing.T) {
	r := start(t, catalogtest.Open(t, catalogtest.SQLite(t)), map[string]run{"later": func(context.Context, function.Call) (json.RawMessage, error) {
		return nil, function.ErrPending
	}})
	r.register("waits", `
do:
  - limited:
      timeout: {after: PT1H}
      do: [{far: {call: later, with: {}}}]`)
	id := r.begin("waits", `{}`)
	r.until("the step waits", func() bool { return r.step(id, "far").Status == catalog.StepWaiting })
	r.write(func(ctx context.Context, tx catalog.Tx) error {
		run, err := tx.LockRun(ctx, id)
		must(t, err)
		run.State = json.RawMessage(`{"root": 7}`)
		return tx.SaveRun(ctx, run)
	})
	r.write(func(ctx context.Context, tx catalog.Tx) error {
		return r.Resolve(ctx, tx, id, r.step(id, "far").Key, nil, nil)
	})
	got := r.end(id)
	if got.Status != catalog.RunFailed || !strings.Contains(string(got.Error), "cannot be read") {
		t.Fatalf("got %s, %s", got.Status, got.Error)
	}
	for _, s := range r.steps(id) {
		if s.Open() {
			t.Errorf("step %s is still %s", s.Name, s.Status)
		}
	}
	must(t, r.store.Read(t.Context(), func(ctx context.Context, rd catalog.Reader) error {
		timers, err := rd.Timers(ctx, id)
		if len(timers) > 0 {
			t.Errorf("%d timers are left", len(timers))
		}
		return err
	}))
}

func TestOnRunEndIsPartOfTheEnd(t *testing.T) {
	var ends atomic.Int64
	store := catalogtest.Open(t, catalogtest.SQLite(t))
	r := start(t, store, map[string]run{"echo": echo}, func(o *engine.Options) {
		o.OnRunEnd = func(ctx context.Context, tx catalog.Tx, run catalog.Run) error {
			if err := tx.PutSite(ctx, catalog.Site{Name: "ended", Title: run.Status}); err != nil {
				return err
			}
			if ends.Add(1) == 1 {
				return errors.New("not this time")
			}
			return nil
		}
	})
	r.register("one", `do: [{first: {call: echo, with: {}}}]`)
	r.end(r.begin("one", `{}`))
	must(t, store.Read(t.Context(), func(ctx context.Context, rd catalog.Reader) error {
		sites, err := rd.Sites(ctx)
		if len(sites) != 1 || sites[0].Title != catalog.RunCompleted || ends.Load() != 2 {
			t.Errorf("got %+v after %d ends", sites, ends.Load())
		}
		return err
	}))
}

func TestAWorkflowThatRunsItselfEnds(t *testing.T) {
	r := start(t, catalogtest.Open(t, catalogtest.SQLite(t)), nil)
	r.register("self", `do: [{again: {run: {workflow: {namespace: test, name: self, version: '1.0.0'}}}}]`)
	got := r.end(r.begin("self", `{}`))
	if got.Status != catalog.RunFailed || !strings.Contains(string(got.Error), "does a workflow run itself") {
		t.Fatalf("got %s, %s", got.Status, got.Error)
	}
}

// TestStopAndStart: a call that Stop ends is made again at the next start, a timer
// that became due meanwhile fires, and a call that waits goes on waiting.
func TestStopAndStart(t *testing.T) {
	var (
		mu    sync.Mutex
		begun = make(chan struct{}, 10)
		calls = map[string]int{}
		block = true
	)
	by := map[string]run{
		"long": func(ctx context.Context, c function.Call) (json.RawMessage, error) {
			mu.Lock()
			calls[c.Key]++
			wait := block
			mu.Unlock()
			begun <- struct{}{}
			if wait {
				<-ctx.Done()
				return nil, ctx.Err()
			}
			return json.RawMessage(`{"done":true}`), nil
		},
		"later": func(context.Context, function.Call) (json.RawMessage, error) { return nil, function.ErrPending },
	}
	store := catalogtest.Open(t, catalogtest.SQLite(t))
	hurry := func(o *engine.Options) { o.Grace = time.Millisecond }
	first := newEngine(t, store, by, hurry)
	must(t, first.Start(t.Context()))
	first.register("long", `do: [{work: {call: long, with: {}}}]`)
	first.register("sleep", `do: [{pause: {wait: PT0.2S}}]`)
	first.register("far", `do: [{far: {call: later, with: {}}}]`)
	ids := []string{first.begin("long", `{}`), first.begin("sleep", `{}`), first.begin("far", `{}`)}
	<-begun
	first.until("the far step waits", func() bool { return first.step(ids[2], "far").Status == catalog.StepWaiting })
	first.stop()
	if s := first.step(ids[0], "work"); s.Status != catalog.StepScheduled {
		t.Fatalf("the step is %s", s.Status)
	}

	mu.Lock()
	block = false
	mu.Unlock()
	second := start(t, store, by, hurry)
	if got := second.end(ids[0]); string(got.Output) != `{"done":true}` {
		t.Errorf("got %s", got.Output)
	}
	second.end(ids[1])
	if s := second.step(ids[2], "far"); s.Status != catalog.StepWaiting {
		t.Errorf("the far step is %s", s.Status)
	}
	if n := calls[ids[0]+second.step(ids[0], "work").Key]; n != 2 {
		t.Errorf("called %d times", n)
	}
}

func TestProgressIsNoted(t *testing.T) {
	goOn := make(chan struct{})
	r := start(t, catalogtest.Open(t, catalogtest.SQLite(t)), map[string]run{"work": func(_ context.Context, c function.Call) (json.RawMessage, error) {
		for n := range 1000 {
			c.Progress(function.Progress{Done: float64(n), Total: 1000, Unit: "bytes"})
		}
		<-goOn
		return nil, nil
	}})
	r.register("one", `do: [{first: {call: work, with: {}}}]`)
	id := r.begin("one", `{}`)
	deadline := time.Now().Add(patience)
	for {
		steps := r.steps(id)
		if len(steps) > 0 && strings.Contains(string(steps[0].Progress), `"done":999`) {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("got %+v", steps)
		}
		time.Sleep(10 * time.Millisecond) // progress is no event: there is nothing to wait for
	}
	close(goOn)
	r.end(id)
}

func TestAFunctionHasItsOwnWorkers(t *testing.T) {
	var now, most atomic.Int64
	r := start(t, catalogtest.Open(t, catalogtest.SQLite(t)), map[string]run{"heavy": func(context.Context, function.Call) (json.RawMessage, error) {
		n := now.Add(1)
		for m := most.Load(); n > m && !most.CompareAndSwap(m, n); m = most.Load() {
		}
		time.Sleep(5 * time.Millisecond) // so that calls would overlap
		now.Add(-1)
		return nil, nil
	}}, func(o *engine.Options) { o.Workers = map[string]int{"heavy": 2} })
	r.register("one", `do: [{first: {call: heavy, with: {}}}]`)
	var ids []string
	for range 12 {
		ids = append(ids, r.begin("one", `{}`))
	}
	for _, id := range ids {
		r.end(id)
	}
	if most.Load() != 2 {
		t.Fatalf("%d at once", most.Load())
	}
}
