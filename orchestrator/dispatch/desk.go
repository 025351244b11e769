// Package dispatch is the hub's counter for agents: it tells them what to work
// by, takes in what they report, and hands out orders on lease.
package dispatch

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"gantry/connectors"
	"gantry/connectors/wrap/throttle"
	"gantry/orchestrator/catalog"
	"gantry/orchestrator/flow"
	"gantry/orchestrator/resources"
	"gantry/transfer"
	"gantry/transfer/agent/wire"
)

// Runs is what the desk asks of the workflow engine.
type Runs interface {
	// Begin starts the workflow for an asset, once for an ID. With
	// catalog.ErrNotFound there is no such workflow, and nothing was written.
	Begin(ctx context.Context, tx catalog.Tx, id, workflow, asset string, input json.RawMessage) error
	// Resolve hands in the result of a step that waits for one.
	Resolve(ctx context.Context, tx catalog.Tx, run, key string, output json.RawMessage, fault *flow.Error) error
}

// Books is where the ends of orders are recorded, in the transaction that ends them.
type Books interface {
	// Finish records what an order's receipts prove and gives the output of its step.
	Finish(ctx context.Context, tx catalog.Tx, t catalog.Transfer, receipts []transfer.Receipt) (json.RawMessage, error)
	// Fail records that an order has failed for good.
	Fail(ctx context.Context, tx catalog.Tx, t catalog.Transfer, reason string) error
	// Again records that an order that has failed is tried anew.
	Again(ctx context.Context, tx catalog.Tx, t catalog.Transfer) error
}

// A Desk serves agents. It may be used by many goroutines at once.
type Desk struct {
	Store     *catalog.Store
	Resources *resources.Store
	Runs      Runs
	Books     Books
	Logger    *slog.Logger
	Now       func() time.Time
	Lease     time.Duration // how long a lease is good without a report

	mu     sync.Mutex
	agents map[string]Agent

	recordings recordings
}

// An Agent is an edge node as the desk last heard of it.
type Agent struct {
	Name     string    `json:"name"`
	Site     string    `json:"site"`
	LastSeen time.Time `json:"lastSeen"`
}

// mostAgents bounds the memory that callers can fill.
const mostAgents = 1000

// Heard notes that an agent called. With too many, the one that has been silent for
// longest is forgotten.
func (d *Desk) Heard(name, site string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.agents == nil {
		d.agents = map[string]Agent{}
	}
	if _, known := d.agents[name]; !known && len(d.agents) >= mostAgents {
		silent := slices.MinFunc(slices.Collect(maps.Values(d.agents)), func(a, b Agent) int { return a.LastSeen.Compare(b.LastSeen) })
		delete(d.agents, silent.Name)
	}
	d.agents[name] = Agent{Name: name, Site: site, LastSeen: d.Now()}
}

// introduced refuses a call that does not say who calls.
func introduced(agent, site string) error {
	if agent == "" || site == "" {
		return &connectors.Error{Kind: connectors.KindInvalid, Op: "call the hub", Path: agent, Err: errors.New("the agent or its site has no name"), Remedy: "give both"}
	}
	return nil
}

// Agents lists the agents that have called since the hub started, by name.
func (d *Desk) Agents() []Agent {
	d.mu.Lock()
	defer d.mu.Unlock()
	return sorted(d.agents)
}

// Recordings lists the files that grow in watched folders, by site, route and path.
func (d *Desk) Recordings() []Recording {
	list := d.recordings.list(d.Now())
	slices.SortFunc(list, func(a, b Recording) int {
		return cmp.Or(strings.Compare(a.Site, b.Site), strings.Compare(a.Route, b.Route), strings.Compare(a.Path, b.Path))
	})
	return list
}

// Config gives a site what its agents work by.
func (d *Desk) Config(site string) (wire.Config, error) {
	set := d.Resources.Current()
	c := wire.Config{Site: site, Routes: []wire.Route{}, Locations: map[string]connectors.Location{}, Bandwidth: set.Sites[site].Bandwidth}
	for _, r := range sorted(set.Routes) {
		if r.Site == site {
			c.Routes = append(c.Routes, r)
			c.Locations[r.From] = set.Locations[r.From].Location
			c.Locations[r.To] = set.Locations[r.To].Location
		}
	}
	for name, l := range set.Locations {
		table, err := throttle.ParseTimetable(l.Options[throttle.OptionBandwidth])
		if l.Site != site || err != nil || table.Unlimited() {
			continue
		}
		if c.Bandwidths == nil {
			c.Bandwidths = map[string]throttle.Timetable{}
		}
		c.Bandwidths[name] = table
	}
	data, err := json.Marshal(c)
	if err != nil {
		return c, fmt.Errorf("write the configuration of site %s: %w", site, err)
	}
	sum := sha256.Sum256(data)
	c.Version = hex.EncodeToString(sum[:8])
	return c, nil
}
