package agent

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"gantry/transfer/agent/wire"
)

// configurator keeps the agent to the hub's configuration, and to the last good one while there is no hub.
type configurator struct {
	file   configFile
	hub    *hub
	apply  func(wire.Config)
	every  time.Duration
	pauses *pauses
	back   bell // the hub is there again
	log    *slog.Logger
	wrong  func(error)

	mu      sync.Mutex
	inForce string
}

// run ends with ctx.
func (c *configurator) run(ctx context.Context) {
	switch kept, ok, err := c.file.load(); {
	case err != nil:
		c.log.Error("starting without a configuration", "error", err)
		c.wrong(err)
	case ok:
		c.log.Info("starting with the configuration that was kept", "version", kept.Version)
		c.enforce(kept)
	}
	for ctx.Err() == nil {
		if err := c.refresh(ctx); err != nil {
			rest(ctx, c.pauses.next(), c.back)
			continue
		}
		c.pauses.reset()
		rest(ctx, c.every, nil)
	}
}

func (c *configurator) refresh(ctx context.Context) error {
	config, changed, err := c.hub.config(ctx)
	if err != nil || !changed || (config.Version != "" && config.Version == c.version()) {
		return err
	}
	if config.Site != "" && config.Site != c.hub.site {
		c.log.Error("the hub gave the configuration of another site; the old one stays", "site", config.Site)
		return nil
	}
	config.Site = c.hub.site
	if err := c.file.save(config); err != nil {
		c.log.Error("the configuration holds until the next restart only", "error", err)
		c.wrong(err)
	}
	c.enforce(config)
	return nil
}

func (c *configurator) enforce(config wire.Config) {
	c.apply(config)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.inForce = config.Version
	c.log.Info("configuration in force", "version", config.Version, "routes", len(config.Routes))
}

func (c *configurator) version() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.inForce
}
