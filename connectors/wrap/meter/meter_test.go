package meter_test

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"gantry/connectors"
	"gantry/connectors/local"
	"gantry/connectors/wrap"
	"gantry/connectors/wrap/fault"
	"gantry/connectors/wrap/meter"
)

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// samples gives each metric that is not zero in one line.
func samples(t *testing.T, r prometheus.Gatherer) (lines []string) {
	t.Helper()
	families, err := r.Gather()
	must(t, err)
	for _, f := range families {
		for _, m := range f.GetMetric() {
			var labels []string
			for _, l := range m.GetLabel() {
				labels = append(labels, l.GetValue())
			}
			value := m.GetCounter().GetValue() + m.GetGauge().GetValue() + m.GetHistogram().GetSampleSum()
			if value != 0 {
				lines = append(lines, fmt.Sprintf("%s{%s} %v", strings.TrimPrefix(f.GetName(), "gantry_place_"), strings.Join(labels, ","), value))
			}
		}
	}
	slices.Sort(lines)
	return lines
}

func TestMeter(t *testing.T) {
	registry := prometheus.NewRegistry()
	now := time.Unix(0, 0)
	m, err := meter.New(registry, func() time.Time { now = now.Add(time.Second); return now })
	must(t, err)
	inner, err := local.Connector().Open(t.Context(), connectors.Location{URL: "file://" + t.TempDir()})
	must(t, err)
	defer inner.Close()
	script := fault.NewScript(fault.Fault{Op: wrap.Open, Nth: 2, Effect: fault.Cut(2, connectors.Errorf(connectors.KindUnavailable, "read", "clip", "lost"))})
	place := m.Wrap(script.Wrap(inner), "local")

	up, err := place.Begin(t.Context(), "clip", connectors.UploadOptions{Size: 4})
	must(t, err)
	part := connectors.Part{Number: 1, Size: 4}
	_, err = up.WritePart(t.Context(), part, strings.NewReader("dat"))
	if connectors.KindOf(err) != connectors.KindIncomplete {
		t.Fatal(err)
	}
	_, err = up.WritePart(t.Context(), part, strings.NewReader("data"))
	must(t, err)
	_, err = up.Commit(t.Context(), connectors.Whole{Parts: []connectors.Part{part}, Size: 4})
	must(t, err)
	_, err = place.Stat(t.Context(), "none")
	if connectors.KindOf(err) != connectors.KindNotFound {
		t.Fatal(err)
	}
	for range 2 {
		r, err := place.Open(t.Context(), "clip", 0, -1)
		must(t, err)
		_, _ = io.Copy(io.Discard, r)
		must(t, r.Close())
	}
	inFlight := false
	for _, err := range place.List(t.Context(), "") {
		must(t, err)
		inFlight = slices.Contains(samples(t, registry), "calls_in_flight{list,local} 1")
	}
	if !inFlight {
		t.Error("a listing under way is not in flight")
	}
	want := []string{
		"bytes_total{read,local} 6", "bytes_total{written,local} 4",
		"call_seconds{begin,local} 1", "call_seconds{commit,local} 1", "call_seconds{list,local} 1", "call_seconds{open,local} 2",
		"call_seconds{stat,local} 1", "call_seconds{writePart,local} 2",
		"calls_total{ok,begin,local} 1", "calls_total{ok,commit,local} 1", "calls_total{ok,list,local} 1", "calls_total{ok,open,local} 2",
		"calls_total{not found,stat,local} 1", "calls_total{ok,writePart,local} 1", "calls_total{incomplete,writePart,local} 1",
		"streams_broken_total{unavailable,local} 1",
	}
	slices.Sort(want)
	if got := samples(t, registry); !slices.Equal(got, want) {
		t.Errorf("metrics are\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if _, err := meter.New(registry, time.Now); err == nil {
		t.Error("the same metrics can be registered twice")
	}
}
