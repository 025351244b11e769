package metrics

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"github.com/prometheus/client_golang/prometheus/testutil/promlint"

	"gantry/connectors"
	"gantry/connectors/local"
	"gantry/transfer"
	"gantry/transfer/journal"
	"gantry/transfer/schedule"
)

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestWhatACopyMovesIsShown(t *testing.T) {
	dir := t.TempDir()
	j, err := journal.Open(filepath.Join(dir, "journal"), journal.Options{})
	must(t, err)
	defer j.Close()
	lines := schedule.New(schedule.Options{})
	engine := transfer.New(transfer.Options{Journal: j, Scheduler: lines, PartSize: 64 << 10})
	must(t, os.WriteFile(filepath.Join(dir, "clip"), make([]byte, 200<<10), 0o644))
	place, err := local.Connector().Open(t.Context(), connectors.Location{URL: "file://" + dir})
	must(t, err)
	defer place.Close()
	_, err = engine.Run(t.Context(), transfer.Job{
		ID: "job", Kind: "deliver", Source: transfer.Source{Place: place, Location: "store", Path: "clip"},
		Destinations: []transfer.Destination{{Place: place, Location: "partner", Path: "there"}},
	})
	must(t, err)
	c := New(func() State {
		return State{Engine: engine, Scheduler: lines, Queued: map[schedule.Priority]int{schedule.High: 3}}
	})
	text := scrape(t, c)
	for _, line := range []string{
		`gantry_transfer_jobs_total{kind="deliver",outcome="done"} 1`,
		`gantry_transfer_queued{priority="high"} 3`,
		`gantry_transfer_bytes_total{direction="read",kind="deliver",location="store"} 204800`,
		`gantry_transfer_bytes_total{direction="write",kind="deliver",location="partner"} 204800`,
		`gantry_transfer_resent_bytes_total{kind="deliver",location="partner"} 0`,
		`gantry_transfer_running{priority="urgent"} 0`,
		`gantry_transfer_held{reason="bandwidth"} 0`,
		`gantry_transfer_remaining_bytes{priority="bulk"} 0`,
		`gantry_transfer_eta_seconds{priority="bulk"} 0`,
		`gantry_scheduler_jobs{state="begun"} 0`,
		`# TYPE gantry_scheduler_slots_preempted_total counter`,
	} {
		if !strings.Contains(text, line+"\n") {
			t.Errorf("%s is not in\n%s", line, text)
		}
	}
	if problems, err := promlint.New(strings.NewReader(text)).Lint(); err != nil || len(problems) > 0 {
		t.Errorf("the names are not as they should be: %v, %v", problems, err)
	}
}

// scrape gives what Prometheus would read.
func scrape(t *testing.T, c prometheus.Collector) string {
	t.Helper()
	r := prometheus.NewPedanticRegistry()
	must(t, r.Register(c))
	w := httptest.NewRecorder()
	promhttp.HandlerFor(r, promhttp.HandlerOpts{}).ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	if w.Code != http.StatusOK {
		t.Fatalf("%d: %s", w.Code, w.Body)
	}
	return w.Body.String()
}

// busy is an engine with files under way.
type busy struct{}

func (busy) Totals() (t transfer.Totals) { return t }

func (busy) Running() []transfer.Progress {
	return []transfer.Progress{
		{Size: 1000, Sent: 400, Rate: 20, ETA: 30, Priority: schedule.High}, {Size: 100, Sent: 90, ETA: -1, Priority: schedule.High, Held: transfer.HeldBandwidth},
	}
}

func TestWhatIsLeftOfFilesUnderWayIsShown(t *testing.T) {
	text := scrape(t, New(func() State { return State{Engine: busy{}} }))
	for _, line := range []string{
		`gantry_transfer_remaining_bytes{priority="high"} 610`, `gantry_transfer_eta_seconds{priority="high"} 30`,
		`gantry_transfer_rate_bytes_per_second{priority="high"} 20`, `gantry_transfer_held{reason="bandwidth"} 1`,
	} {
		if !strings.Contains(text, line+"\n") {
			t.Errorf("%s is not in\n%s", line, text)
		}
	}
}

// many is an engine that has seen more locations than there is room for.
type many struct{}

func (many) Running() []transfer.Progress { return nil }

func (many) Totals() (t transfer.Totals) {
	for i := range 5000 {
		t.Moved = append(t.Moved, transfer.Moved{Location: fmt.Sprint("place-", i), Kind: "deliver", Sent: 1})
	}
	return t
}

func TestTheNumberOfSeriesIsBounded(t *testing.T) {
	text := scrape(t, New(func() State { return State{Engine: many{}} }))
	if n := strings.Count(text, "\ngantry_transfer_bytes_total{"); n != 2*(mostLocations+1) {
		t.Errorf("there are %d series of bytes", n)
	}
	if !strings.Contains(text, fmt.Sprintf(`direction="write",kind="deliver",location="other"} %d`, 5000-mostLocations)) {
		t.Error("those without a name of their own are not counted together")
	}
	if text := scrape(t, New(func() State { return State{} })); text != "" {
		t.Errorf("of nobody it shows %s", text)
	}
}
