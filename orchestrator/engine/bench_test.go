package engine_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"gantry/orchestrator/catalog"
	"gantry/orchestrator/catalog/catalogtest"
	"gantry/orchestrator/engine"
	"gantry/orchestrator/function"
)

// BenchmarkSteps gives the calls a second of many runs at once. A benchmark
// iteration is one call, from the end of the one before it to its own end.
func BenchmarkSteps(b *testing.B) {
	const each = 10
	var body strings.Builder
	body.WriteString("do:\n")
	for n := range each {
		fmt.Fprintf(&body, "  - s%d: {call: nothing, with: {}}\n", n)
	}
	slots := make(chan struct{}, 64)
	r := start(b, catalogtest.Open(b, catalogtest.SQLite(b)), map[string]run{"nothing": nothing}, func(o *engine.Options) {
		o.Others = 64
		o.OnRunEnd = func(_ context.Context, tx catalog.Tx, _ catalog.Run) error {
			tx.AfterCommit(func() { <-slots })
			return nil
		}
	})
	r.register("ten", body.String())
	b.ResetTimer()
	for n := 0; n < b.N; n += each {
		slots <- struct{}{}
		r.begin("ten", `{}`)
	}
	for range cap(slots) {
		slots <- struct{}{}
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "steps/s")
}

func nothing(context.Context, function.Call) (json.RawMessage, error) {
	return json.RawMessage(`{}`), nil
}

// BenchmarkLatency gives the time from the end of a call to the begin of the next,
// in a run that is alone.
func BenchmarkLatency(b *testing.B) {
	var (
		ended time.Time
		gaps  []time.Duration
	)
	r := start(b, catalogtest.Open(b, catalogtest.SQLite(b)), map[string]run{"tick": func(context.Context, function.Call) (json.RawMessage, error) {
		if !ended.IsZero() {
			gaps = append(gaps, time.Since(ended))
		}
		ended = time.Now()
		return json.RawMessage(`{}`), nil
	}})
	r.register("ticks", fmt.Sprintf(`
do:
  - each:
      for: {each: n, in: "${ [range(%d)] }"}
      do: [{tick: {call: tick, with: {}}}]`, b.N+1))
	if got := r.end(r.begin("ticks", `{}`)); got.Status != catalog.RunCompleted {
		b.Fatal(string(got.Error))
	}
	slices.Sort(gaps)
	b.ReportMetric(float64(gaps[len(gaps)/2].Microseconds())/1000, "p50-ms")
	b.ReportMetric(float64(gaps[len(gaps)*99/100].Microseconds())/1000, "p99-ms")
}
