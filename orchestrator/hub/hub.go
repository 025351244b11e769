// Package hub puts the centre together: catalogue, resources, functions, workflow
// engine, agents' desk and API, with one start and one stop.
package hub

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"gantry/orchestrator/api"
	"gantry/orchestrator/catalog"
	"gantry/orchestrator/dispatch"
	"gantry/orchestrator/engine"
	"gantry/orchestrator/function"
	"gantry/orchestrator/media"
	"gantry/orchestrator/resources"
	"gantry/transfer"
	"gantry/transfer/journal"
	"gantry/transfer/metrics"
	"gantry/transfer/schedule"
)

// Options say where and how a hub works.
type Options struct {
	Data     string         // folder that everything is kept in
	Site     string         // whose agents share the hub's disk; "" = local
	AllowNet []netip.Prefix // inner networks that workflows may call
	Version  string

	Scheduler *schedule.Scheduler // shared with what else moves files in this process; nil makes one
	Logger    *slog.Logger
	Now       func() time.Time
}

// A Hub is a running centre.
type Hub struct {
	Store     *catalog.Store
	Resources *resources.Store
	Handler   http.Handler
	Metrics   *prometheus.Registry // what /metrics shows; others may add theirs

	functions map[string]function.Function

	engine  *engine.Engine
	journal *journal.Journal
	desk    *dispatch.Desk
	tidying sync.WaitGroup
	rest    context.CancelFunc // ends the tidying
}

// leaseTime is how long an agent may be silent before its work goes to another.
const leaseTime = 15 * time.Second

// Open puts a hub together and starts it. Everything that a process before left
// under way goes on.
func Open(ctx context.Context, o Options) (h *Hub, err error) {
	h = &Hub{}
	defer func() {
		if err != nil {
			err = errors.Join(err, h.Close(ctx))
		}
	}()
	tools, err := media.Find(ctx)
	if err != nil {
		return h, err
	}
	if h.Store, err = catalog.Open(ctx, (&url.URL{Scheme: "sqlite", Path: filepath.Join(o.Data, "gantry.db")}).String()); err != nil {
		return h, err
	}
	scratch := filepath.Join(o.Data, "scratch")
	if err := fresh(scratch); err != nil { // only now: the folder may have been another hub's
		return h, err
	}
	if h.journal, err = journal.Recover(filepath.Join(o.Data, "hub-journal"), journal.Options{Logger: o.Logger, Now: o.Now}); err != nil {
		return h, err
	}
	if err := h.tidy(o); err != nil {
		return h, err
	}
	host := &function.Host{Store: h.Store, Media: tools, HTTP: function.GuardedClient(o.AllowNet), Now: o.Now}
	functions := function.Catalogue(host)
	h.functions = byName(functions)
	if h.engine, err = engine.New(engine.Options{
		Store: h.Store, Functions: h.functions, Logger: o.Logger, Now: o.Now, OnRunEnd: h.runEnded(o.Now), Current: h.current,
		Workers: map[string]int{"transcode": 1, "qc": 2},
	}); err != nil {
		return h, err
	}
	if h.Resources, err = resources.Open(ctx, filepath.Join(o.Data, "resources"), o.Data, h.adopt(o.Now)); err != nil {
		return h, err
	}
	host.Resources = h.Resources
	host.Files = &function.Files{
		Scratch: scratch, Resources: h.Resources, Site: cmp.Or(o.Site, "local"),
		Engine: transfer.New(transfer.Options{Journal: h.journal, Scratch: filepath.Join(o.Data, "staged"), Dockets: filepath.Join(o.Data, "uploads"), Version: "gantry " + o.Version, Scheduler: o.Scheduler, Logger: o.Logger, Now: o.Now}),
	}
	runs := &runs{store: h.Store, engine: h.engine, now: o.Now, resources: h.Resources}
	h.desk = &dispatch.Desk{
		Store: h.Store, Resources: h.Resources, Runs: runs, Books: host, Logger: o.Logger, Now: o.Now, Lease: leaseTime,
	}
	h.Metrics = h.metrics(host.Files.Engine)
	h.Handler = api.New(api.Deps{
		Store: h.Store, Resources: h.Resources, Functions: functions, Runs: runs, Desk: h.desk,
		Metrics: h.Metrics, Ready: h.Store.Ping, Version: o.Version,
	})
	return h, h.engine.Start(ctx)
}

// Close stops the hub: calls under way are interrupted, and taken up again at the
// next start.
func (h *Hub) Close(ctx context.Context) error {
	var errs []error
	if h.engine != nil {
		errs = append(errs, h.engine.Stop(ctx))
	}
	if h.rest != nil {
		h.rest()
		h.tidying.Wait()
	}
	if h.journal != nil {
		errs = append(errs, h.journal.Close())
	}
	if h.Store != nil {
		errs = append(errs, h.Store.Close())
	}
	return errors.Join(errs...)
}

// Mover is the label by which /metrics tells the engines of a process apart: the hub's
// own, which fetches files for workflows, and the agent's.
func Mover(name string) prometheus.Labels { return prometheus.Labels{"mover": name} }

func (h *Hub) metrics(engine *transfer.Engine) *prometheus.Registry {
	registry := prometheus.NewRegistry()
	prometheus.WrapRegistererWith(Mover("hub"), registry).MustRegister(metrics.New(func() metrics.State { return metrics.State{Engine: engine} }))
	registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}), &census{store: h.Store})
	return registry
}

func byName(functions []function.Function) map[string]function.Function {
	named := make(map[string]function.Function, len(functions))
	for _, f := range functions {
		named[f.Name] = f
	}
	return named
}

// fresh empties the scratch folder: what lies there belongs to calls that are made
// again.
func fresh(dir string) error {
	if err := os.RemoveAll(dir); err != nil {
		return fmt.Errorf("empty the scratch folder: %w", err)
	}
	return os.MkdirAll(dir, 0o755)
}
