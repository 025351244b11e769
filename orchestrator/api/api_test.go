package api_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil/promlint"

	"gantry/connectors"
	"gantry/orchestrator/api"
	"gantry/orchestrator/catalog"
	"gantry/transfer/agent/wire"
)

// description is as much of an OpenAPI document as the tests look at.
type description struct {
	Paths map[string]map[string]struct {
		OperationID string
		Summary     string
		Tags        []string
		Parameters  []struct {
			Name, In string
			Required bool
		}
	}
}

func TestEveryRouteAnswersAsItIsDescribed(t *testing.T) {
	w := newWorld(t)
	d := get[description](w, "/openapi.json")
	if len(d.Paths) < 15 {
		t.Fatalf("only %d paths are described", len(d.Paths))
	}
	for path, operations := range d.Paths {
		for method, o := range operations {
			if o.OperationID == "" || o.Summary == "" || len(o.Tags) == 0 {
				t.Errorf("%s %s is not described", method, path)
			}
			filled := regexp.MustCompile(`\{\w+\}`).ReplaceAllString(path, "nothing")
			var query []string
			for _, p := range o.Parameters {
				if p.In == "query" && p.Required {
					query = append(query, p.Name+"=x")
				}
			}
			full := filled + "?" + strings.Join(query, "&")
			switch {
			case method == "get" && filled == path:
				status, answer := w.ask(http.MethodGet, full, nil)
				if status != http.StatusOK {
					t.Errorf("GET %s: %d %s", full, status, answer)
				}
				if !strings.HasPrefix(path, "/api/v1/agent/") && !strings.Contains(string(answer), `"items":[`) {
					t.Errorf("GET %s gives no page: %s", full, answer)
				}
			case method == "get":
				status, answer := w.ask(http.MethodGet, full, nil)
				if detail := w.problem(status, answer); status != http.StatusNotFound || !strings.HasPrefix(detail, "there is no ") || !strings.Contains(detail, "nothing") || !strings.Contains(detail, ": list them with gantry ") {
					t.Errorf("GET %s: %d %s", full, status, detail)
				}
			default:
				if status, answer := w.ask(strings.ToUpper(method), full, "{"); status != http.StatusBadRequest && status != http.StatusNotFound {
					t.Errorf("%s %s with half a body: %d %s", method, full, status, answer)
				}
			}
		}
	}
}

func TestWhatThereIsNotIsToldAsAPersonWould(t *testing.T) {
	w := newWorld(t)
	asset := w.assets("a.mxf")[0]
	for _, test := range []struct {
		path string
		body any
		want string
	}{
		{"/runs/run_x/retry", nil, `there is no run "run_x": list them with gantry run ls`},
		{"/runs/run_x/cancel", map[string]string{}, `there is no run "run_x": list them with gantry run ls`},
		{"/runs", api.StartRequest{Workflow: "clip", Asset: "as_x"}, `there is no asset "as_x": list them with gantry get assets`},
		{"/runs", api.StartRequest{Workflow: "clip", Asset: "as_x", Input: []byte(`{"asset":{},"source":{}}`)}, `there is no asset "as_x": list them with gantry get assets`},
		{"/runs", api.StartRequest{Workflow: "clop"}, `there is no workflow "clop": list them with gantry get workflows, or apply it`},
		{"/runs", api.StartRequest{Workflow: "clip", Asset: asset}, `there is no original of asset "` + asset + `"`},
		{"/agent/orders/tr_x/progress", wire.ProgressReport{Agent: "a", Fence: 1}, `there is no order "tr_x": it was never placed here`},
		{"/agent/orders/tr_x/result", wire.ResultReport{Agent: "a", Fence: 1}, `there is no order "tr_x": it was never placed here`},
	} {
		status, answer := w.ask(http.MethodPost, "/api/v1"+test.path, test.body)
		if detail := w.problem(status, answer); status != http.StatusNotFound || !strings.HasPrefix(detail, test.want) {
			t.Errorf("%s: %d %s; want %s", test.path, status, detail, test.want)
		}
	}
}

func TestErrorsHaveTheStatusThatTheCallerCanActOn(t *testing.T) {
	w := newWorld(t)
	for want, err := range map[int]error{
		404: fmt.Errorf("x: %w", catalog.ErrNotFound), 409: fmt.Errorf("x: %w", catalog.ErrConflict), 503: fmt.Errorf("x: %w", catalog.ErrBusy),
		422: connectors.Errorf(connectors.KindInvalid, "x", "y", "z"), 500: errors.New("x"),
	} {
		status, answer := w.withRuns(busy{err}, nil).ask(http.MethodPost, "/api/v1/runs", api.StartRequest{Workflow: "clip"})
		if w.problem(status, answer); status != want {
			t.Errorf("%v: %d; want %d", err, status, want)
		}
	}
	if status, _ := w.withRuns(nil, errors.New("the disk is full")).ask(http.MethodGet, "/readyz", nil); status != http.StatusServiceUnavailable {
		t.Errorf("a hub that is not ready answers %d", status)
	}
}

func TestPaging(t *testing.T) {
	w := newWorld(t)
	ids := w.assets("a.mxf", "b.mxf", "C_1%.mov", "d.mxf", "e.mxf")
	slices.Reverse(ids) // newest first
	var got []string
	for path, n := "/api/v1/assets?limit=2", 0; path != "" && n < 10; n++ {
		page := get[api.Page[catalog.Asset]](w, path)
		for _, a := range page.Items {
			got = append(got, a.ID)
		}
		path = ""
		if page.Next != "" {
			path = "/api/v1/assets?limit=2&after=" + page.Next
		}
	}
	if !slices.Equal(got, ids) {
		t.Errorf("got %v; want %v", got, ids)
	}
	for query, want := range map[string]int{"": 5, "name=mxf": 4, "name=c_1%25": 1, "status=arrived": 5, "status=failed": 0, "status=failed,arrived": 5, "site=local": 5, "site=x": 0, "status=": 5, "limit=1000": 5} {
		if page := get[api.Page[catalog.Asset]](w, "/api/v1/assets?"+query); len(page.Items) != want {
			t.Errorf("%s gives %d; want %d", query, len(page.Items), want)
		}
	}
	for _, query := range []string{"limit=0", "limit=-1", "limit=1001", "limit=x"} {
		status, answer := w.ask(http.MethodGet, "/api/v1/assets?"+query, nil)
		if detail := w.problem(status, answer); status != http.StatusUnprocessableEntity || !strings.Contains(detail, "query.limit") {
			t.Errorf("%s: %d %s", query, status, detail)
		}
	}
	if v := get[api.AssetView](w, "/api/v1/assets/"+ids[0]); v.Asset.Name != "e.mxf" || v.Copies == nil || v.Runs == nil {
		t.Errorf("the asset is shown as %+v", v)
	}
}

func TestEventsAreWaitedFor(t *testing.T) {
	w := newWorld(t)
	appendEvent := func(id, subject string) {
		w.write(func(ctx context.Context, tx catalog.Tx) error {
			_, _, err := tx.AppendEvent(ctx, catalog.Event{ID: id, Type: "test", Source: "/test", Subject: subject, Time: time.Now()})
			return err
		})
	}
	appendEvent("ev_1", "as_1")
	first := get[api.Events](w, "/api/v1/events")
	if len(first.Items) != 1 || first.Last != first.Items[0].Seq {
		t.Fatalf("got %+v", first)
	}
	if none := get[api.Events](w, fmt.Sprintf("/api/v1/events?after=%d&wait=0.01", first.Last)); len(none.Items) != 0 || none.Items == nil || none.Last != first.Last {
		t.Errorf("without news: %+v", none)
	}
	began := time.Now()
	answer := make(chan api.Events, 1)
	go func() {
		answer <- get[api.Events](w, fmt.Sprintf("/api/v1/events?after=%d&wait=30&subject=as_2", first.Last))
	}()
	appendEvent("ev_2", "as_1")
	appendEvent("ev_3", "as_2")
	news := <-answer
	if len(news.Items) != 1 || news.Items[0].ID != "ev_3" || time.Since(began) > 10*time.Second {
		t.Errorf("after %s: %+v", time.Since(began), news)
	}
	for _, query := range []string{"wait=31", "wait=-1", "after=-1", "limit=0"} {
		if status, _ := w.ask(http.MethodGet, "/api/v1/events?"+query, nil); status != http.StatusUnprocessableEntity {
			t.Errorf("%s: %d", query, status)
		}
	}
}

func TestBodiesAreBounded(t *testing.T) {
	w := newWorld(t)
	for name, test := range map[string]struct {
		path, body string
		want       int
	}{
		"too large":        {"/resources", `{"text":"` + strings.Repeat("x", 9<<20) + `"}`, http.StatusRequestEntityTooLarge},
		"half":             {"/resources", `{"text":`, http.StatusBadRequest},
		"no JSON":          {"/resources", `text`, http.StatusBadRequest},
		"nothing":          {"/resources", ``, http.StatusBadRequest},
		"nested very deep": {"/runs", `{"workflow":"clip","input":` + strings.Repeat("[", 20_000) + strings.Repeat("]", 20_000) + `}`, http.StatusBadRequest},
		"other fields":     {"/resources", `{"text":"","force":true}`, http.StatusUnprocessableEntity},
		"no fields":        {"/resources", `{}`, http.StatusUnprocessableEntity},
		"other types":      {"/resources", `{"text":1}`, http.StatusUnprocessableEntity},
		"a nameless agent": {"/agent/leases", `{"agent":"","site":"","max":1}`, http.StatusUnprocessableEntity},
		"an unusable one":  {"/agent/events", `{"agent":"a","site":"local","events":[{"id":"","type":"","source":"","time":"2026-01-01T00:00:00Z","data":{}}]}`, http.StatusBadRequest},
	} {
		status, answer := w.ask(http.MethodPost, "/api/v1"+test.path, test.body)
		if w.problem(status, answer); status != test.want {
			t.Errorf("%s: %d %.200s; want %d", name, status, answer, test.want)
		}
	}
	if status, _ := w.ask(http.MethodGet, "/api/v1/agent/config?agent=&site=", nil); status != http.StatusUnprocessableEntity {
		t.Errorf("the configuration of nobody: %d", status)
	}
}

func TestResourcesAreAppliedAndShown(t *testing.T) {
	w := newWorld(t)
	text := "apiVersion: gantry/v1\nkind: Site\nmetadata: { name: new }\nspec: {}\n"
	apply := func(dryRun bool) (int, []byte) {
		return w.ask(http.MethodPost, "/api/v1/resources", api.ApplyRequest{Text: text, DryRun: dryRun})
	}
	if status, answer := apply(true); status != http.StatusOK || !strings.Contains(string(answer), `"created"`) {
		t.Errorf("dry: %d %s", status, answer)
	}
	if status, _ := w.ask(http.MethodGet, "/api/v1/resources/site/new", nil); status != http.StatusNotFound {
		t.Errorf("after the dry run: %d", status)
	}
	if status, answer := apply(false); status != http.StatusOK || !strings.Contains(string(answer), `"created"`) {
		t.Errorf("%d %s", status, answer)
	}
	if d := get[struct{ Kind, Name, Source string }](w, "/api/v1/resources/SITE/new"); d.Source != text {
		t.Errorf("it is shown as %+v", d)
	}
	if page := get[api.Page[struct{ Name string }]](w, "/api/v1/resources?kind=site"); len(page.Items) != 2 {
		t.Errorf("there are %+v", page.Items)
	}
	status, answer := w.ask(http.MethodPost, "/api/v1/resources", api.ApplyRequest{File: "mine.yaml", Text: strings.ReplaceAll(text, "spec", "specs")})
	if detail := w.problem(status, answer); status != http.StatusUnprocessableEntity || !strings.HasPrefix(detail, `mine.yaml:4:1: unknown field "specs": did you mean "spec"?`) {
		t.Errorf("%d %s", status, detail)
	}
}

func TestTheGuard(t *testing.T) {
	guarded := httptest.NewServer(api.Guard(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })))
	defer guarded.Close()
	const in, wrongHost, wrongSite = http.StatusNoContent, http.StatusMisdirectedRequest, http.StatusForbidden
	for _, test := range []struct {
		host, origin string
		want         int
	}{
		{"localhost", "", in},
		{"localhost:8420", "", in},
		{"LocalHost:8420", "", in},
		{"127.0.0.1", "", in},
		{"127.0.0.1:8420", "", in},
		{"127.1.2.3:8420", "", in},
		{"[::1]", "", in},
		{"[::1]:8420", "", in},
		{"example.com", "", wrongHost},
		{"localhost.example.com", "", wrongHost},
		{"127.0.0.1.example.com:8420", "", wrongHost},
		{"127.0.0.1.nip.io", "", wrongHost},
		{"10.0.0.1:8420", "", wrongHost},
		{"0.0.0.0:8420", "", wrongHost},
		{"[::]:8420", "", wrongHost},
		{"[fe80::1]:8420", "", wrongHost},
		{"2130706433", "", wrongHost},
		{"0x7f.1", "", wrongHost},
		{"127.1", "", wrongHost},
		{"localhost:8420", "http://localhost:8420", in},
		{"localhost:8420", "http://LOCALHOST:8420", in},
		{"[::1]:8420", "http://[::1]:8420", in},
		{"localhost:8420", "http://localhost:3000", wrongSite},
		{"localhost:8420", "http://localhost", wrongSite},
		{"localhost:8420", "http://127.0.0.1:8420", wrongSite},
		{"localhost:8420", "https://evil.example", wrongSite},
		{"localhost:8420", "http://localhost:8420.evil.example", wrongSite},
		{"localhost:8420", "http://localhost:8420@evil.example", wrongSite},
		{"localhost:8420", "null", wrongSite},
		{"localhost:8420", "://", wrongSite},
		{"evil.example", "http://evil.example", wrongHost},
	} {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, guarded.URL, nil)
		if err != nil {
			t.Fatal(err)
		}
		request.Host = test.host
		if test.origin != "" {
			request.Header.Set("Origin", test.origin)
		}
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(response.Body)
		if err != nil {
			t.Fatal(err)
		}
		_ = response.Body.Close()
		if response.StatusCode != test.want || (test.want != in && len(text) == 0) {
			t.Errorf("Host %s, Origin %s: %d %s; want %d", test.host, test.origin, response.StatusCode, text, test.want)
		}
	}
}

func TestAddressesThatOnlyThisMachineReaches(t *testing.T) {
	for address, want := range map[string]bool{
		"127.0.0.1:8420": true, "localhost:0": true, "[::1]:8420": true, "127.9.9.9:1": true,
		":8420": false, "0.0.0.0:8420": false, "[::]:8420": false, "10.0.0.1:8420": false, "example.com:80": false, "127.0.0.1": false, "": false,
	} {
		if got := api.Loopback(address); got != want {
			t.Errorf("Loopback(%q) = %v", address, got)
		}
	}
}

func TestMetricsHaveGoodNames(t *testing.T) {
	w := newWorld(t)
	w.assets("a.mxf")
	w.ask(http.MethodGet, "/api/v1/assets", nil)
	_, text := w.ask(http.MethodGet, "/metrics", nil)
	problems, err := promlint.New(strings.NewReader(string(text))).Lint()
	w.must(err)
	for _, p := range problems {
		t.Errorf("%s: %s", p.Metric, p.Text)
	}
	for _, want := range []string{`gantry_assets{status="arrived"} 1`, `gantry_http_requests_total{code="200",method="get"} 1`} {
		if !strings.Contains(string(text), want) {
			t.Errorf("there is no %s", want)
		}
	}
}

func TestPagesForPeopleAndSupervisors(t *testing.T) {
	w := newWorld(t)
	for path, want := range map[string]string{"/": "swagger", "/docs": "swagger", "/docs/": "swagger", "/livez": "ok", "/readyz": "ok", "/openapi.json": `"openapi"`, "/openapi.yaml": "openapi:"} {
		status, text := w.ask(http.MethodGet, path, nil)
		if status != http.StatusOK || !strings.Contains(strings.ToLower(string(text)), want) {
			t.Errorf("GET %s: %d, nothing of %q in it", path, status, want)
		}
	}
	_, page := w.ask(http.MethodGet, "/docs/", nil)
	loaded := regexp.MustCompile(`(?:src|href)\s*=\s*["']([^"']+)["']`).FindAllSubmatch(page, -1)
	if len(loaded) == 0 {
		t.Error("the page loads nothing")
	}
	for _, m := range loaded {
		address := string(m[1])
		if strings.Contains(address, "//") {
			t.Errorf("the page of documents needs the network: %s", address)
			continue
		}
		if !strings.HasPrefix(address, "/") {
			address = "/docs/" + address
		}
		if status, _ := w.ask(http.MethodGet, address, nil); status != http.StatusOK {
			t.Errorf("GET %s: %d", address, status)
		}
	}
	if status, _ := w.ask(http.MethodGet, "/nothing", nil); status != http.StatusNotFound {
		t.Errorf("a page that there is not: %d", status)
	}
}
