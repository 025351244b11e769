package api

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"github.com/swaggest/swgui/v5emb"

	"gantry/orchestrator/catalog"
	"gantry/orchestrator/dispatch"
	"gantry/orchestrator/function"
	"gantry/orchestrator/resources"
)

// Deps is what the API stands on.
type Deps struct {
	Store     *catalog.Store
	Resources *resources.Store
	Functions []function.Function
	Runs      Runs
	Desk      *dispatch.Desk
	Metrics   *prometheus.Registry
	Ready     func(ctx context.Context) error // nil once the hub does its work
	Version   string
}

// Runs starts and ends runs.
type Runs interface {
	Start(ctx context.Context, workflow, asset string, input []byte) (id string, err error)
	Retry(ctx context.Context, id string) (again string, err error)
	Cancel(ctx context.Context, id, reason string) error
}

// bodyTimeout bounds the reading of a request's body; maxBody its size in bytes.
const (
	bodyTimeout = 30 * time.Second
	maxBody     = 8 << 20
)

// New makes the handler of all routes.
func New(d Deps) http.Handler {
	mux := http.NewServeMux()
	config := huma.DefaultConfig("Gantry", d.Version)
	config.DocsPath = "" // ours needs no network
	config.CreateHooks = nil
	config.Components.Schemas = huma.NewMapRegistry("#/components/schemas/", schemaName)
	config.Info.Description = "Moves media between venues, storages and partners, and drives what happens around each move."
	a := humago.New(mux, config)
	s := &server{Deps: d}
	s.assets(a)
	s.runs(a)
	s.transfers(a)
	s.deliveries(a)
	s.events(a)
	s.resources(a)
	s.functions(a)
	s.agents(a)
	s.health(mux)
	docs := v5emb.New("Gantry", "/openapi.json", "/docs/")
	mux.Handle("/docs/", docs)
	mux.Handle("GET /docs", http.RedirectHandler("/docs/", http.StatusFound))
	mux.Handle("GET /metrics", promhttp.HandlerFor(d.Metrics, promhttp.HandlerOpts{}))
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/docs/", http.StatusFound) })
	return Guard(measure(d.Metrics, mux))
}

type server struct{ Deps }

// operation describes a route. Bodies are bounded in size and time.
func operation(method, path, id, tag, summary string) huma.Operation {
	return huma.Operation{
		OperationID: id, Method: method, Path: "/api/v1" + path, Summary: summary, Tags: []string{tag},
		MaxBodyBytes: maxBody, BodyReadTimeout: bodyTimeout,
	}
}

// health answers to supervisors: /livez while the process runs, /readyz while it
// can do its work.
func (s *server) health(mux *http.ServeMux) {
	mux.HandleFunc("GET /livez", func(w http.ResponseWriter, _ *http.Request) { answer(w, http.StatusOK, "ok") })
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, r *http.Request) {
		if err := s.Ready(r.Context()); err != nil {
			answer(w, http.StatusServiceUnavailable, err.Error())
			return
		}
		answer(w, http.StatusOK, "ok")
	})
}

func answer(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write([]byte(text + "\n")) // the client went away: nobody is left to tell
}
