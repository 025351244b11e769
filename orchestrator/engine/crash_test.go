package engine_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"gantry/orchestrator/catalog"
	"gantry/orchestrator/catalog/catalogtest"
	"gantry/orchestrator/engine"
	"gantry/orchestrator/function"
)

const (
	crashFolder = "GANTRY_TEST_CRASH_FOLDER"
	crashRuns   = 20
	crashKills  = 15
)

// Each run makes eight calls, waits, and has a sub-workflow.
const crashWorkflow = `
do:
  - first: {call: append, with: {}}
  - each:
      for: {each: item, in: "${ [1, 2, 3] }"}
      do:
        - send: {call: append, with: {}}
  - pause: {wait: PT0.02S}
  - attempt:
      try: [{flaky: {call: refuseOnce, with: {}}}]
      catch:
        retry: {delay: PT0.01S, limit: {attempt: {count: 10}}}
  - far: {call: pending, with: {}}
  - inner: {run: {workflow: {namespace: test, name: crash-child, version: '1.0.0'}}}
  - last: {call: append, with: {}}
`

// TestKilledAtAnyMoment kills a process that runs workflows, again and again. In the
// end every run has completed, each call was made, and its result counted once.
func TestKilledAtAnyMoment(t *testing.T) {
	if dir := os.Getenv(crashFolder); dir != "" {
		crashChild(t, dir)
		return
	}
	dir := t.TempDir()
	random := rand.New(rand.NewPCG(1, 2))
	kills := 0
	for n := 0; ; n++ {
		child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestKilledAtAnyMoment$")
		child.Env = append(os.Environ(), crashFolder+"="+dir)
		out, err := child.StdoutPipe()
		must(t, err)
		child.Stderr = os.Stderr
		must(t, child.Start())
		lines := bufio.NewScanner(out)
		if n < crashKills {
			for lines.Scan() && lines.Text() != "begun" {
			}
			delay := time.Duration(random.IntN(120)) * time.Millisecond
			time.AfterFunc(delay, func() { _ = child.Process.Kill() })
		}
		for lines.Scan() {
		}
		err = child.Wait()
		if err == nil {
			break
		}
		if n >= crashKills {
			t.Fatalf("the last child failed: %v", err)
		}
		kills++
	}
	t.Logf("killed %d times", kills)
	if kills < 5 {
		t.Fatalf("killed only %d times: the runs are too short for this test", kills)
	}
	checkCrash(t, dir)
}

func crashStore(t *testing.T, dir string) *catalog.Store {
	u := url.URL{Scheme: "sqlite", Path: filepath.Join(dir, "gantry.db")}
	return catalogtest.Open(t, u.String())
}

// crashChild takes the runs as far as it lives.
func crashChild(t *testing.T, dir string) {
	log, err := os.OpenFile(filepath.Join(dir, "calls"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	must(t, err)
	note := func(c function.Call) error {
		_, err := fmt.Fprintln(log, c.Key)
		return err
	}
	var r *rig
	r = newEngine(t, crashStore(t, dir), map[string]run{
		"append": func(_ context.Context, c function.Call) (json.RawMessage, error) {
			return json.RawMessage(`{}`), note(c)
		},
		"refuseOnce": func(_ context.Context, c function.Call) (json.RawMessage, error) {
			if strings.HasSuffix(c.Key, "#1") {
				return nil, errors.Join(note(c), &function.Fault{Type: "communication", Title: "Not yet"})
			}
			return json.RawMessage(`{}`), note(c)
		},
		"pending": func(_ context.Context, c function.Call) (json.RawMessage, error) {
			go func() { // the result comes from elsewhere, at its own time
				_ = r.store.Write(context.Background(), func(ctx context.Context, tx catalog.Tx) error {
					return r.Resolve(ctx, tx, c.Run, c.Key, json.RawMessage(`{}`), nil)
				})
			}()
			return nil, errors.Join(note(c), function.ErrPending)
		},
	})
	r.register("crash-child", `do: [{work: {call: append, with: {}}}]`)
	r.register("crash", crashWorkflow)
	must(t, r.Start(t.Context()))
	fmt.Println("begun")
	r.resolveWaiting()
	for n := range crashRuns {
		r.write(func(ctx context.Context, tx catalog.Tx) error {
			_, err := r.StartRun(ctx, tx, engine.StartRun{ID: crashRun(n), Workflow: "crash"})
			return err
		})
	}
	for n := range crashRuns {
		r.end(crashRun(n))
	}
	r.stop()
}

// resolveWaiting brings the results that the process before was killed over.
func (r *rig) resolveWaiting() {
	for n := range crashRuns {
		r.write(func(ctx context.Context, tx catalog.Tx) error {
			steps, err := tx.Steps(ctx, crashRun(n))
			for _, s := range steps {
				if err == nil && s.Function == "pending" && s.Status == catalog.StepWaiting {
					err = r.Resolve(ctx, tx, s.RunID, s.Key, json.RawMessage(`{}`), nil)
				}
			}
			return err
		})
	}
}

func crashRun(n int) string { return fmt.Sprintf("run_%02d", n) }

func checkCrash(t *testing.T, dir string) {
	r := newEngine(t, crashStore(t, dir), nil)
	data, err := os.ReadFile(filepath.Join(dir, "calls"))
	must(t, err)
	made := map[string]int{}
	for line := range strings.Lines(string(data)) {
		made[strings.TrimSpace(line)]++
	}
	check := func(id string, calls int) {
		if run := r.run(id); run.Status != catalog.RunCompleted {
			t.Errorf("run %s is %s: %s", id, run.Status, run.Error)
		}
		ends := map[string]int{}
		for _, line := range r.timelineKeys(id) {
			ends[line]++
		}
		counted := 0
		for _, s := range r.steps(id) {
			if s.Open() {
				t.Errorf("step %s of %s is still %s", s.Key, id, s.Status)
			}
			if n := ends[s.Key]; n != 1 {
				t.Errorf("step %s of %s ended %d times", s.Key, id, n)
			}
			if s.Function == "" {
				continue
			}
			counted++
			if made[id+s.Key] < 1 {
				t.Errorf("call %s of %s was never made", s.Key, id)
			}
		}
		if counted != calls {
			t.Errorf("run %s made %d calls, want %d", id, counted, calls)
		}
	}
	for n := range crashRuns {
		check(crashRun(n), 8)
		must(t, r.store.Read(t.Context(), func(ctx context.Context, rd catalog.Reader) error {
			children, err := rd.Runs(ctx, catalog.RunFilter{ParentID: crashRun(n)})
			if len(children) != 1 {
				t.Errorf("run %s has %d sub-workflows", crashRun(n), len(children))
			}
			for _, child := range children {
				check(child.ID, 1)
			}
			return err
		}))
	}
}

// timelineKeys gives the keys of steps that ended, once for each time.
func (r *rig) timelineKeys(id string) (keys []string) {
	must(r.t, r.store.Read(context.Background(), func(ctx context.Context, rd catalog.Reader) error {
		events, err := rd.EventsOf(ctx, id, 0, 1000)
		for _, e := range events {
			var data engine.StepChange
			must(r.t, json.Unmarshal(e.Data, &data))
			switch e.Type {
			case engine.EventStep + catalog.StepCompleted, engine.EventStep + catalog.StepFailed:
				keys = append(keys, data.Key)
			}
		}
		return err
	}))
	return keys
}
