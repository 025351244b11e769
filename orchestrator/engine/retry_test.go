package engine_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"gantry/connectors"
	"gantry/orchestrator/catalog"
	"gantry/orchestrator/catalog/catalogtest"
	"gantry/orchestrator/engine"
	"gantry/orchestrator/function"
)

func TestOnlyWhatMayPassIsTriedAgain(t *testing.T) {
	cases := map[string]struct {
		err      error
		attempts int
	}{
		"full":        {&fs.PathError{Op: "write", Path: "x", Err: syscall.ENOSPC}, 1},
		"absent":      {&fs.PathError{Op: "open", Path: "x", Err: syscall.ENOENT}, 1},
		"forbidden":   {fmt.Errorf("open: %w", syscall.EACCES), 1},
		"program":     {errors.New("exit status 1"), 1},
		"kind-absent": {&connectors.Error{Kind: connectors.KindNotFound, Op: "open", Path: "x", Err: &net.OpError{Op: "dial", Err: syscall.ENOENT}}, 1},
		"kind-busy":   {&connectors.Error{Kind: connectors.KindBusy, Op: "open", Path: "x", Err: syscall.EBUSY}, 2},
		"refused":     {fmt.Errorf("get: %w", &net.OpError{Op: "dial", Net: "tcp", Err: syscall.ECONNREFUSED}), 2},
		"lookup":      {&net.DNSError{Err: "no such host", Name: "x"}, 2},
		"late":        {os.ErrDeadlineExceeded, 2},
	}
	by := map[string]run{}
	for name, c := range cases {
		by[name] = func(context.Context, function.Call) (json.RawMessage, error) { return nil, c.err }
	}
	r := start(t, catalogtest.Open(t, catalogtest.SQLite(t)), by, func(o *engine.Options) { o.Retry.Attempts = 2 })
	for name, c := range cases {
		r.register(name, "do: [{it: {call: "+name+", with: {}}}]")
		id := r.begin(name, "{}")
		if got := r.end(id); got.Status != catalog.RunFailed {
			t.Errorf("%s: the run is %s", name, got.Status)
		}
		if got := r.step(id, "it").Attempt; got != c.attempts {
			t.Errorf("%s: %d attempts; want %d", name, got, c.attempts)
		}
	}
}

// A call is given up when process after process ends without a word of it, and not
// for being put back by processes that stop in order.
func TestACallThatTakesTheProcessDown(t *testing.T) {
	for name, killed := range map[string]bool{"stopped": false, "killed": true} {
		t.Run(name, func(t *testing.T) {
			store := catalogtest.Open(t, catalogtest.SQLite(t))
			var id string
			for n := range 5 {
				entered := make(chan struct{})
				r := newEngine(t, store, map[string]run{"work": func(ctx context.Context, _ function.Call) (json.RawMessage, error) {
					if n == 4 {
						return json.RawMessage(`{}`), nil
					}
					close(entered)
					<-ctx.Done()
					return nil, ctx.Err()
				}}, func(o *engine.Options) { o.Retry.Starts, o.Grace = 4, time.Millisecond })
				must(t, r.Start(t.Context()))
				if n == 0 {
					r.register("work", "do: [{it: {call: work, with: {}}}]")
					id = r.begin("work", "{}")
				}
				if n == 4 {
					r.end(id)
					r.stop()
					continue
				}
				<-entered
				r.stop()
				if killed { // the step stays as the process left it
					r.write(func(ctx context.Context, tx catalog.Tx) error {
						s, err := tx.LockStep(ctx, id, r.step(id, "it").Key)
						if err != nil {
							return err
						}
						s.Status = catalog.StepRunning
						return tx.SaveStep(ctx, s)
					})
				}
			}
			r := newEngine(t, store, nil)
			got := r.run(id)
			if killed && (got.Status != catalog.RunFailed || !strings.Contains(string(got.Error), "started 4 times and neither returned nor failed")) {
				t.Errorf("it is %s with %s", got.Status, got.Error)
			}
			if !killed && got.Status != catalog.RunCompleted {
				t.Errorf("it is %s with %s", got.Status, got.Error)
			}
		})
	}
}
