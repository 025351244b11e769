package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"gantry/configs"
	"github.com/prometheus/client_golang/prometheus"

	"gantry/connectors"
	"gantry/connectors/all"
	"gantry/connectors/wrap/meter"
	"gantry/orchestrator/api"
	"gantry/orchestrator/hub"
	"gantry/transfer"
	"gantry/transfer/agent"
	"gantry/transfer/schedule"
)

// A node is a hub and an agent in one process. They talk over the same HTTP API
// as they would across a network.
type node struct {
	URL string
	Hub *hub.Hub

	server *http.Server
	agent  *agent.Agent
	cancel context.CancelFunc
	ended  chan error // the agent's end, then the server's
}

type nodeOptions struct {
	data, listen, site string
	allowNet           []netip.Prefix
	logger             *slog.Logger
}

// stopTime bounds how long a stop waits for what is under way.
const stopTime = 20 * time.Second

// startNode starts both halves. Everything that was under way goes on.
func startNode(ctx context.Context, o nodeOptions) (*node, error) {
	if !api.Loopback(o.listen) {
		return nil, coded(exitUsage, fmt.Errorf("listen is %q: the API has no authentication, so write a loopback address such as 127.0.0.1:8420, and put a reverse proxy that authenticates in front", o.listen))
	}
	if err := configs.Create(filepath.Join(o.data, "resources")); err != nil {
		return nil, err
	}
	listener, err := net.Listen("tcp", o.listen)
	if err != nil {
		return nil, fmt.Errorf("%w (is gantry running already? choose another address with --listen)", err)
	}
	lines := schedule.New(schedule.Options{Now: time.Now})
	h, err := hub.Open(ctx, hub.Options{Data: o.data, Site: o.site, AllowNet: o.allowNet, Version: version, Logger: o.logger, Now: time.Now, Scheduler: lines})
	if err != nil {
		return nil, errors.Join(err, listener.Close())
	}
	n := &node{URL: "http://" + listener.Addr().String(), Hub: h, ended: make(chan error, 2)}
	if err := n.check(o); err != nil {
		return nil, errors.Join(err, h.Close(ctx), listener.Close())
	}
	if err := n.makeFolders(o.data); err != nil {
		return nil, errors.Join(err, h.Close(ctx), listener.Close())
	}
	open, err := metered(h.Metrics)
	if err != nil {
		return nil, errors.Join(err, h.Close(ctx), listener.Close())
	}
	n.agent, err = agent.New(agent.Options{
		Name: "local", Site: o.site, Hub: n.URL, Client: &http.Client{Timeout: time.Minute}, Dir: filepath.Join(o.data, "agent"),
		Open: open, Version: version, Logger: o.logger, Now: time.Now, Engine: transfer.Options{Scheduler: lines},
	})
	if err != nil {
		return nil, errors.Join(err, h.Close(ctx), listener.Close())
	}
	prometheus.WrapRegistererWith(hub.Mover("agent"), h.Metrics).MustRegister(n.agent.Collector())
	n.server = &http.Server{Handler: h.Handler, ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 64 << 10}
	run, cancel := context.WithCancel(context.WithoutCancel(ctx))
	n.cancel = cancel
	go func() { n.ended <- n.server.Serve(listener) }()
	go func() { n.ended <- n.agent.Run(run) }()
	return n, nil
}

// metered opens places whose calls are counted.
func metered(r prometheus.Registerer) (func(context.Context, connectors.Location) (connectors.Place, error), error) {
	m, err := meter.New(r, time.Now)
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context, l connectors.Location) (connectors.Place, error) {
		place, err := all.Open(ctx, l)
		if err != nil {
			return nil, err
		}
		c, err := all.For(l)
		if err != nil {
			return nil, errors.Join(err, place.Close())
		}
		return m.Wrap(place, c.Name), nil
	}, nil
}

// check refuses a site that no document knows: the agent would have nothing to do.
func (n *node) check(o nodeOptions) error {
	sites := n.Hub.Resources.Current().Sites
	if _, ok := sites[o.site]; !ok {
		return coded(exitUsage, fmt.Errorf("there is no Site %q in %s: known are %s", o.site, filepath.Join(o.data, "resources"), strings.Join(slices.Sorted(maps.Keys(sites)), ", ")))
	}
	return nil
}

// makeFolders makes the folders of locations that lie in the data folder, so that
// a new installation can be used at once.
func (n *node) makeFolders(data string) error {
	for _, l := range n.Hub.Resources.Current().Locations {
		u, err := url.Parse(l.URL)
		if err != nil || u.Scheme != "file" || !strings.HasPrefix(u.Path, data+string(filepath.Separator)) {
			continue
		}
		if err := os.MkdirAll(u.Path, 0o755); err != nil {
			return fmt.Errorf("make the folder of location %s: %w", l.Name, err)
		}
	}
	return nil
}

// wait returns when ctx ends, or with the error of a half that ended by itself.
func (n *node) wait(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return nil
	case err := <-n.ended:
		n.ended <- err
		return err
	}
}

// stop ends both halves in order: what is under way finishes or is left so that
// the next start takes it up.
func (n *node) stop() error {
	ctx, cancel := context.WithTimeout(context.Background(), stopTime)
	defer cancel()
	n.cancel()
	errs := []error{n.end(ctx, "the agent"), n.server.Shutdown(ctx), n.end(ctx, "the API"), n.Hub.Close(ctx)}
	return errors.Join(errs...)
}

// end waits for one of the two halves.
func (n *node) end(ctx context.Context, what string) error {
	select {
	case err := <-n.ended:
		if errors.Is(err, context.Canceled) || errors.Is(err, http.ErrServerClosed) {
			return nil
		}
		return err
	case <-ctx.Done():
		return fmt.Errorf("%s did not end within %s; the next start takes up what was under way", what, stopTime)
	}
}
